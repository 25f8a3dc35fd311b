//! `kiosk card read`: one card, read once, for installers and testers. It prints personal values, so the appliance build
//! does not have it.

use crate::authority::CaSet;
use crate::mynumber::{self, Evidence};
use domain::card::{CardReading, CardRefusal, CardSecret, CodeB, Genuine, Pin, Sex};
use domain::{Personal, Refusal};
use pcsc::{Context, Disposition, Protocols, Scope, ShareMode};
use serde_json::json;
use std::io::BufRead;
use std::path::PathBuf;
use zeroize::Zeroize;

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
    /// Write the photo here as PNG (with --code-b-stdin).
    #[arg(long, requires = "code_b_stdin")]
    photo: Option<PathBuf>,
    /// The trusted CA keys (TOML); without them `genuine` is null.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Print JSON (the only form there is; accepted for scripts).
    #[arg(long)]
    json: bool,
}

/// A refusal in words for whoever uses the tool.
fn words(refusal: CardRefusal) -> Refusal {
    let (cause, remedy, other_way) = match refusal {
        CardRefusal::Removed => ("カードが途中で離れました。", "カードを置いたまま、もう一度実行してください。", "別のカード読取機でも試せます。"),
        CardRefusal::WrongCard(_) => ("マイナンバーカードではないカードです。", "マイナンバーカードを置いてください。", "カードなしの入力もできます。"),
        CardRefusal::WrongSecret { .. } => ("暗証番号または照合番号Bが違います。", "番号を確かめてから、もう一度実行してください。", "もう一方の番号でも読み取れます。"),
        CardRefusal::LastTry => ("あと1回の間違いでロックされるため、送信しませんでした。", "市区町村の窓口で再設定してください。", "照合番号Bで読み取れます。"),
        CardRefusal::Blocked => ("暗証番号または照合番号Bがロックされています。", "市区町村の窓口で再設定してください。", "もう一方の番号で読み取れます。"),
        CardRefusal::Malformed => ("番号の形が正しくありません。カードには送信していません。", "暗証番号は4桁、照合番号Bは14桁の数字です。", "番号はカードの表面を見て確かめられます。"),
        CardRefusal::Unreadable => ("カードのデータを読み取れませんでした。", "カードを置き直してください。", "別のカード読取機でも試せます。"),
        CardRefusal::Expired => ("カードの有効期限が過ぎています。", "市区町村の窓口で更新してください。", "カードなしの入力もできます。"),
        CardRefusal::NoReader => ("カード読取機が見つかりません。", "接続と pcscd を確かめてください。", "--reader で読取機の名前を指定できます。"),
    };
    Refusal::new(cause, remedy, other_way)
}

fn no(refusal: &Refusal) -> i32 {
    println!("{}", json!({ "error": refusal }));
    3
}

/// Runs the tool; gives the exit code: 0 done, 2 bad arguments, 3 refused.
pub fn read(args: &ReadArgs) -> i32 {
    let authorities = match args.ca.as_deref().map(CaSet::load).transpose() {
        Ok(authorities) => authorities.unwrap_or_default(),
        Err(error) => {
            return no(&Refusal::new(
                format!("CA鍵のファイルが使えません（{error}）。"),
                "ファイルの場所と内容を確かめてください。",
                "--ca を付けなければ、真正性を確かめずに読み取れます。",
            ));
        }
    };
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line).is_err() {
        return no(&words(CardRefusal::Malformed));
    }
    let entered = line.trim().to_owned();
    line.zeroize();
    let secret = if args.pin_stdin {
        CardSecret::Pin(Personal::new(Pin(entered)))
    } else {
        CardSecret::CodeB(Personal::new(CodeB(entered)))
    };
    let result = open(args.reader.as_deref()).and_then(|mut card| {
        let result = mynumber::read(&mut card, &secret, args.photo.is_some() || args.code_b_stdin, &authorities, &mut || {});
        // What was opened is closed; a card that is gone is closed already.
        let _ = card.disconnect(Disposition::ResetCard);
        result
    });
    let (reading, evidence) = match result {
        Ok(read) => read,
        Err(refusal) => return no(&words(refusal)),
    };
    if let Some(path) = &args.photo {
        let saved = reading.photo.as_ref().ok_or(()).and_then(|photo| {
            crate::decode_photo(&photo.reveal().0).map_err(drop)?.save(path).map_err(drop)
        });
        if saved.is_err() {
            return no(&Refusal::new("写真を保存できませんでした。", "保存先を確かめてください。", "--photo を付けずに実行できます。"));
        }
    }
    println!("{}", answer(&reading, &evidence));
    0
}

fn open(wanted: Option<&str>) -> Result<pcsc::Card, CardRefusal> {
    let context = Context::establish(Scope::User).map_err(|_| CardRefusal::NoReader)?;
    let readers = context.list_readers_owned().map_err(|_| CardRefusal::NoReader)?;
    let reader = readers
        .into_iter()
        .find(|reader| wanted.is_none_or(|wanted| reader.to_bytes() == wanted.as_bytes()))
        .ok_or(CardRefusal::NoReader)?;
    context.connect(&reader, ShareMode::Exclusive, Protocols::ANY).map_err(|error| match error {
        pcsc::Error::NoSmartcard | pcsc::Error::RemovedCard => CardRefusal::Removed,
        _ => CardRefusal::Unreadable,
    })
}

fn answer(reading: &CardReading, evidence: &Evidence) -> serde_json::Value {
    let facts = &reading.facts;
    json!({
        "kind": reading.kind,
        "name": facts.name.reveal(),
        "address": facts.address.reveal(),
        "birth_date": facts.birth_date.reveal().0.to_string(),
        "sex": match facts.sex.reveal() { Sex::Male => "male", Sex::Female => "female", Sex::Other => "other" },
        "expires": reading.expires.map(|date| date.to_string()),
        "genuine": match reading.genuine { Genuine::Yes => Some(true), Genuine::No => Some(false), Genuine::Unchecked => None },
        "provenance": evidence,
    })
}
