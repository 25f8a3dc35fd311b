//! `kiosk face compare`: two pictures, or a list of pairs, for installers and testers.

use crate::compare::Template;
use crate::engine::Engine;
use crate::still::{self, StillError};
use crate::{THRESHOLD, default_weights};
use domain::Refusal;
use serde::Serialize;
use serde_json::json;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// The largest picture that the tool takes, in pixels a side.
const LARGEST_SIDE: u32 = 8192;

/// Compare two pictures as the kiosk compares the person with the card's photo: PNG, JPEG or JPEG 2000.
///
/// One JSON line a pair: `{"a","b","score","same","reason"}`. Where a picture cannot be compared, `score` and `same` are
/// null and `reason` says why; the other pairs go on.
#[derive(Debug, clap::Args)]
pub struct CompareArgs {
    /// The two pictures.
    #[arg(num_args = 2, value_names = ["A", "B"], required_unless_present = "pairs", conflicts_with = "pairs")]
    pictures: Vec<PathBuf>,
    /// A CSV file with the columns a and b; relative paths are looked up beside it, then in the current folder.
    #[arg(long, value_name = "PAIRS.csv")]
    pairs: Option<PathBuf>,
    /// Print JSON (the only form there is; accepted for scripts).
    #[arg(long)]
    json: bool,
    /// The folder with yunet.onnx and sface.onnx [default: weights in $MADOGUCHI_CACHE or ~/.cache/madoguchi].
    #[arg(long)]
    weights: Option<PathBuf>,
    /// The cosine from which two pictures count as one person.
    #[arg(long, default_value_t = THRESHOLD)]
    threshold: f32,
}

/// What is said about a pair.
#[derive(Serialize)]
struct Answer<'a> {
    a: &'a str,
    b: &'a str,
    score: Option<f32>,
    same: Option<bool>,
    reason: Option<String>,
}

/// Why one picture of a pair gives nothing to compare.
#[derive(Debug, Clone, Copy)]
enum Why {
    NotNamed,
    NotThere,
    Still(StillError),
}

impl Why {
    fn words(self) -> &'static str {
        match self {
            Self::NotNamed => "画像の名前がありません。",
            Self::NotThere => "画像のファイルを読めません。",
            Self::Still(StillError::Unreadable) => "画像として読み取れません（PNG・JPEG・JPEG 2000が使えます）。",
            Self::Still(StillError::TooLarge(_)) => "画像が大きすぎます（縦横8192画素まで）。",
            Self::Still(StillError::NoFace) => "顔が見つかりません。",
            Self::Still(StillError::Several) => "同じくらいの大きさの顔が2つ以上あります。",
            Self::Still(StillError::TooSmall) => "顔が小さすぎます。",
            Self::Still(StillError::OpenCv) => "画像を処理できませんでした。",
        }
    }
}

fn no(refusal: &Refusal) -> i32 {
    println!("{}", json!({ "error": refusal }));
    3
}

/// Runs the tool; gives the exit code: 0 done, 2 bad arguments, 3 refused.
pub fn run(args: &CompareArgs) -> i32 {
    if !(-1.0..=1.0).contains(&args.threshold) {
        eprintln!("--threshold: between -1 and 1");
        return 2;
    }
    let (pairs, beside) = match (&args.pairs, args.pictures.as_slice()) {
        (Some(csv), _) => match pairs(csv) {
            Ok(pairs) => (pairs, csv.parent().map(Path::to_owned)),
            Err(cause) => {
                return no(&Refusal::new(
                    cause,
                    "1行目に「a,b」、2行目から画像の名前を2つずつ書いたCSVにしてください。",
                    "画像を2つ並べて渡すこともできます。",
                ));
            }
        },
        (None, [a, b]) => (vec![(a.clone().into_os_string(), b.clone().into_os_string())], None),
        (None, _) => {
            eprintln!("two pictures, or --pairs");
            return 2;
        }
    };
    let weights = args.weights.clone().or_else(default_weights).unwrap_or_default();
    let mut engine = match Engine::load(&weights) {
        Ok(engine) => engine,
        Err(error) => {
            return no(&Refusal::new(
                format!("顔照合の学習済みデータを読み込めません（{error}）。"),
                "cargo xtask setup を実行してください。",
                "--weights でフォルダーを指定できます。",
            ));
        }
    };
    let mut known = HashMap::new();
    for (a, b) in &pairs {
        for name in [a, b] {
            if !known.contains_key(name) {
                known.insert(name.clone(), look(&mut engine, name, beside.as_deref()));
            }
        }
        let answer = judge((a, b), &known, args.threshold);
        let line = serde_json::to_string(&answer).unwrap_or_default();
        // Whoever reads has seen enough.
        if writeln!(std::io::stdout(), "{line}").is_err() {
            break;
        }
    }
    0
}

/// The pairs of a CSV file, as they are written there.
fn pairs(path: &Path) -> Result<Vec<(OsString, OsString)>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("CSVを読めません（{error}）。"))?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text);
    let header = reader.byte_headers().map_err(|error| format!("CSVを読めません（{error}）。"))?;
    let column = |name: &str| {
        let found = header.iter().position(|field| field.eq_ignore_ascii_case(name.as_bytes()));
        found.ok_or_else(|| format!("CSVに列「{name}」がありません。"))
    };
    let (a, b) = (column("a")?, column("b")?);
    let mut pairs = Vec::new();
    for record in reader.byte_records() {
        let record = record.map_err(|error| format!("CSVを読めません（{error}）。"))?;
        let field = |at: usize| OsString::from_vec(record.get(at).unwrap_or_default().to_vec());
        pairs.push((field(a), field(b)));
    }
    Ok(pairs)
}

/// Finds a picture and its template.
fn look(engine: &mut Engine, name: &OsStr, beside: Option<&Path>) -> Result<Template, Why> {
    if name.as_bytes().is_empty() {
        return Err(Why::NotNamed);
    }
    let places = beside.map(|folder| folder.join(name)).into_iter().chain([PathBuf::from(name)]);
    let bytes = places.into_iter().find_map(|path| std::fs::read(path).ok()).ok_or(Why::NotThere)?;
    let picture = still::decode(&bytes, LARGEST_SIDE).map_err(Why::Still)?;
    still::template(engine, &picture).map_err(Why::Still)
}

fn judge<'a>(
    (a, b): (&'a OsString, &'a OsString),
    known: &HashMap<OsString, Result<Template, Why>>,
    threshold: f32,
) -> Answer<'a> {
    let (written_a, written_b) = (a.to_str().unwrap_or("?"), b.to_str().unwrap_or("?"));
    let mut answer = Answer { a: written_a, b: written_b, score: None, same: None, reason: None };
    match (known.get(a), known.get(b)) {
        (Some(Ok(first)), Some(Ok(second))) => {
            let score = first.similarity(second);
            answer.score = Some(score);
            answer.same = Some(score >= threshold);
        }
        (first, second) => {
            let why = [("a", first), ("b", second)].into_iter().filter_map(|(side, look)| match look {
                Some(Err(why)) => Some(format!("{side}: {}", why.words())),
                _ => None,
            });
            answer.reason = Some(why.collect::<Vec<_>>().join(" "));
        }
    }
    answer
}
