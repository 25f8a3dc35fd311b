//! `kiosk card read`: one card, read once, for installers and testers. It prints personal values, so the appliance build
//! does not have it.

use crate::authority::CaSet;
use crate::mynumber::{self, Outcome};
use crate::port;
use domain::card::{CardReading, CardRefusal, CardSecret, CodeB, Genuine, Pin, Sex};
use domain::{Personal, Refusal};
use pcsc::{Context, ReaderState, Scope, State};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::{self, BufRead, BufWriter, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// Read a My Number card once. Prints personal values.
#[derive(Debug, clap::Args)]
pub struct ReadArgs {
    /// The reader's name; the first one where it is left out.
    #[arg(long)]
    reader: Option<String>,
    /// Take the four-digit PIN from standard input.
    #[arg(long, conflicts_with = "code_b_stdin", required_unless_present = "code_b_stdin")]
    pin_stdin: bool,
    /// Take verification number B (14 digits) from standard input.
    #[arg(long)]
    code_b_stdin: bool,
    /// Write the photo here as PNG (with --code-b-stdin: the PIN does not open the photo).
    #[arg(long)]
    photo: Option<PathBuf>,
    /// The trusted CA keys (TOML). With none, a card that is sound in itself has `genuine` null; with some, an issuer that
    /// none of them vouches for has it false.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Print JSON (the only form there is; accepted for scripts).
    #[arg(long)]
    json: bool,
}

/// A refusal in words for whoever uses the tool.
fn words(refusal: CardRefusal) -> Refusal {
    let (cause, remedy, other_way) = match refusal {
        CardRefusal::Removed => (
            "カードがないか、途中で離れました。",
            "カードを置いたまま、もう一度実行してください。",
            "別のカード読取機でも試せます。",
        ),
        CardRefusal::WrongCard(_) => (
            "マイナンバーカードではないカードです。",
            "マイナンバーカードを置いてください。",
            "カードなしの入力もできます。",
        ),
        CardRefusal::WrongSecret { left } => {
            return Refusal::new(
                format!("暗証番号または照合番号Bが違います。あと{left}回の間違いでロックされます。"),
                "番号を確かめてから、もう一度実行してください。",
                OTHER_NUMBER,
            );
        }
        CardRefusal::LastTry => (
            "あと1回の間違いでロックされるため、送信しませんでした。",
            "市区町村の窓口で再設定してください。",
            OTHER_NUMBER,
        ),
        CardRefusal::Blocked => {
            ("暗証番号または照合番号Bがロックされています。", "市区町村の窓口で再設定してください。", OTHER_NUMBER)
        }
        CardRefusal::MalformedSecret => (
            "番号の形が正しくありません。カードには送信していません。",
            "暗証番号は4桁、照合番号Bは14桁（元号の年・月・日、有効期限の西暦年、セキュリティコード）の数字です。",
            OTHER_NUMBER,
        ),
        CardRefusal::Unreadable => {
            ("カードのデータを読み取れませんでした。", "カードを置き直してください。", "別のカード読取機でも試せます。")
        }
        CardRefusal::Expired => {
            ("カードの有効期限が過ぎています。", "市区町村の窓口で更新してください。", "カードなしの入力もできます。")
        }
        CardRefusal::NoReader => (
            "カード読取機が見つかりません。",
            "接続と pcscd を確かめてください。",
            "--reader で読取機の名前を指定できます。",
        ),
    };
    Refusal::new(cause, remedy, other_way)
}

const OTHER_NUMBER: &str = "もう一方の番号（暗証番号または照合番号B）でも読み取れます。";

/// Longer than any number that may be entered; what is longer still is refused for its shape.
const LONGEST_LINE: u64 = 64;

/// Runs the tool on standard input and output; gives the exit code: 0 done, 2 bad arguments, 3 refused.
pub fn read(args: &ReadArgs) -> i32 {
    run(args, &mut std::io::stdin().lock(), &mut std::io::stdout())
}

/// The same on any input, from which one line is taken, and any output.
pub fn run(args: &ReadArgs, input: &mut dyn BufRead, output: &mut dyn Write) -> i32 {
    let (answer, code) = match try_read(args, input) {
        Ok(answer) => (answer, 0),
        Err(refusal) => (json!({ "error": refusal }), 3),
    };
    match writeln!(output, "{answer}").and_then(|()| output.flush()) {
        // Whoever has closed the output does not want the answer.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("kiosk: the answer cannot be written: {error}");
            1
        }
        _ => code,
    }
}

fn try_read(args: &ReadArgs, input: &mut dyn BufRead) -> Result<serde_json::Value, Refusal> {
    if args.pin_stdin && args.photo.is_some() {
        return Err(Refusal::new(
            "暗証番号では写真を読み取れません。カードには何も送信していません。",
            "--photo を付けずに実行してください。",
            "照合番号B（--code-b-stdin）なら、写真も読み取れます。",
        ));
    }
    let authorities = args.ca.as_deref().map(CaSet::load).transpose().map_err(|error| {
        Refusal::new(
            format!("CA鍵のファイルが使えません（{error}）。"),
            "ファイルの場所と内容を確かめてください。",
            "--ca を付けなければ、真正性を確かめずに読み取れます。",
        )
    })?;
    let mut line = Zeroizing::new(String::with_capacity(LONGEST_LINE as usize));
    input.take(LONGEST_LINE).read_line(&mut line).map_err(|_| words(CardRefusal::MalformedSecret))?;
    let entered = line.trim().to_owned();
    let secret = if args.pin_stdin {
        CardSecret::Pin(Personal::new(Pin(entered)))
    } else {
        CardSecret::CodeB(Personal::new(CodeB(entered)))
    };
    let authorities = authorities.unwrap_or_default();
    let outcome = read_card(args.reader.as_deref(), &secret, args.photo.is_some(), &authorities).map_err(words)?;
    if let Some(path) = &args.photo {
        save_photo(&outcome.reading, path)?;
    }
    Ok(answer(&outcome))
}

/// How long a card is waited for.
const A_MOMENT: Duration = Duration::from_secs(2);

fn read_card(
    reader: Option<&str>,
    secret: &CardSecret,
    photo: bool,
    authorities: &CaSet,
) -> Result<Outcome, CardRefusal> {
    let context = Context::establish(Scope::User).map_err(|_| CardRefusal::NoReader)?;
    let reader = port::find_reader(&context, reader).map_err(|_| CardRefusal::NoReader)?;
    // pcscd looks every 0.4 s: a card that was just laid down is seen a moment later.
    let mut states = [ReaderState::new(reader.clone(), State::EMPTY)];
    let _ = context.get_status_change(A_MOMENT, &mut states);
    let mut card = port::connect(&context, &reader)?;
    let result = mynumber::read(&mut card, secret, photo, authorities, &mut || {});
    port::close(card);
    result
}

/// Writes the photo as PNG, for nobody but whoever runs the tool.
fn save_photo(reading: &CardReading, path: &Path) -> Result<(), Refusal> {
    let without = "--photo を付けずに実行できます。";
    let Some(photo) = &reading.photo else {
        return Err(Refusal::new(
            "このカードには写真が入っていません。",
            "写真のある別のカードを置いてください。",
            without,
        ));
    };
    let photo = crate::decode_photo(&photo.reveal().0).map_err(|_| {
        Refusal::new(
            "カードの写真が壊れているか、対応していない形式です。",
            "カードを置き直して、もう一度実行してください。",
            without,
        )
    })?;
    let write = || -> io::Result<()> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        let mut file = BufWriter::new(file);
        photo.write_to(&mut file, image::ImageFormat::Png).map_err(io::Error::other)?;
        file.flush()
    };
    write().map_err(|error| {
        Refusal::new(
            format!("写真を保存できませんでした（{error}）。"),
            "保存先のフォルダーと空き容量を確かめてください。",
            without,
        )
    })
}

fn answer(outcome: &Outcome) -> serde_json::Value {
    let Outcome { reading, evidence, expires } = outcome;
    let facts = &reading.facts;
    json!({
        "kind": reading.kind,
        "name": facts.name.reveal(),
        "address": facts.address.reveal(),
        "birth_date": facts.birth_date.reveal().0.to_string(),
        "sex": match facts.sex.reveal() { Sex::Male => "male", Sex::Female => "female", Sex::Other => "other" },
        "expires": expires.as_ref().map(|last| last.reveal().0.to_string()),
        "genuine": match reading.genuine { Genuine::Yes => Some(true), Genuine::No => Some(false), Genuine::Unchecked => None },
        "provenance": evidence,
    })
}
