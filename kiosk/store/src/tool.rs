//! `kiosk kpi`: what this kiosk has counted.

use crate::{Store, StoreError, Summary};
use domain::{Date, Refusal};
use serde_json::json;
use std::path::PathBuf;

/// What this kiosk has counted. Holds no personal value.
#[derive(Debug, clap::Args)]
pub struct KpiArgs {
    /// The database (`store` in the configuration).
    #[arg(long)]
    store: PathBuf,
    /// The first day, YYYY-MM-DD; the first one counted where it is left out.
    #[arg(long)]
    from: Option<Date>,
    /// The last day, YYYY-MM-DD; the last one counted where it is left out.
    #[arg(long)]
    to: Option<Date>,
    /// Print JSON.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print a table for a spreadsheet (UTF-8 with a byte order mark).
    #[arg(long)]
    csv: bool,
}

/// Runs the tool; gives the exit code: 0 done, 2 bad arguments, 3 refused.
pub fn run(args: &KpiArgs) -> i32 {
    // Only what exists is read: a mistyped name must not make an empty database.
    if !args.store.is_file() {
        return refuse(
            format!("{}がありません。", args.store.display()),
            "設定ファイルの store の場所を確かめてください。",
        );
    }
    match summarise(args) {
        Ok((from, to, summary)) => {
            if args.json {
                println!("{}", json!({ "from": from, "to": to, "summary": summary }));
            } else if args.csv {
                print!("\u{feff}項目,区分,値\r\n");
                for (item, kind, value) in rows(&summary) {
                    print!("{item},{kind},{value}\r\n");
                }
            } else {
                println!("{from} から {to} まで");
                for (item, kind, value) in rows(&summary) {
                    println!("{item}\t{kind}\t{value}");
                }
            }
            0
        }
        Err(error) => refuse(format!("件数を読み取れません（{error}）。"), remedy(&error)),
    }
}

fn refuse(cause: String, remedy: &str) -> i32 {
    let refusal = Refusal::new(cause, remedy, "ファイルを写して、別の端末の kiosk kpi でも読めます。");
    println!("{}", json!({ "error": refusal }));
    3
}

/// What helps.
fn remedy(error: &StoreError) -> &'static str {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    match error {
        StoreError::Newer(_) => "この件数を記録した端末と同じ版の kiosk で実行してください。",
        StoreError::Foreign => "設定ファイルの store の場所を確かめてください。",
        StoreError::Database(rusqlite::Error::SqliteFailure(failure, _)) if failure.code == NotADatabase => {
            "設定ファイルの store の場所を確かめてください。"
        }
        StoreError::Database(rusqlite::Error::SqliteFailure(failure, _)) if failure.code == DatabaseCorrupt => {
            "ファイルが壊れています。端末は次の起動時にこれを取り分け、新しい記録を始めます。"
        }
        StoreError::Database(_) | StoreError::Stuck { .. } => "端末を止めてから、もう一度実行してください。",
    }
}

fn summarise(args: &KpiArgs) -> Result<(Date, Date, Summary), StoreError> {
    let store = Store::open_to_read(&args.store)?;
    let (first, last) = store.days()?.unwrap_or((Date::constant(2000, 1, 1), Date::constant(2000, 1, 1)));
    let (from, to) = (args.from.unwrap_or(first), args.to.unwrap_or(last));
    Ok((from, to, store.summary(from, to)?))
}

/// The rows of the table, in Japanese.
fn rows(summary: &Summary) -> Vec<(&'static str, String, String)> {
    let seconds = |ms: u64| format!("{:.1}", ms as f64 / 1000.0);
    let mut rows = vec![
        ("利用件数", String::new(), summary.visits.to_string()),
        ("完了件数", String::new(), summary.completed.to_string()),
        ("中断件数", String::new(), summary.abandoned.to_string()),
        ("1件の時間（中央値、秒）", String::new(), seconds(summary.visit_time.median_ms)),
    ];
    for (step, time) in &summary.steps {
        rows.push(("手順の時間（中央値、秒）", step.clone(), seconds(time.median_ms)));
    }
    rows.push(("カードの読み取り", String::new(), summary.cards_read.to_string()));
    let groups = [
        ("利用件数（言語別）", &summary.languages),
        ("カードを読み取れなかった件数", &summary.cards_refused),
        ("顔の照合", &summary.faces),
        ("印刷した様式", &summary.forms),
        ("プリンターの不具合", &summary.printer_troubles),
        ("声で聞かれた件数（言語別）", &summary.questions),
        ("答えた質問", &summary.answers),
        ("答えられなかった件数（言語別）", &summary.unanswered),
    ];
    for (item, group) in groups {
        rows.extend(group.iter().map(|(kind, count)| (item, kind.clone(), count.to_string())));
    }
    rows.push(("職員の呼び出し", String::new(), summary.staff_calls.to_string()));
    for (level, count) in summary.ratings.iter().enumerate() {
        rows.push(("満足度", (level + 1).to_string(), count.to_string()));
    }
    rows
}
