//! What a printer's attributes say about its troubles.

use crate::media::Media;
use crate::message::Group;
use domain::paper::PrinterTrouble;
use std::collections::BTreeSet;

/// What the printer's attributes say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Condition {
    /// What keeps it from printing.
    pub troubles: Vec<PrinterTrouble>,
    /// Paper is getting low.
    pub low: bool,
    /// It says itself that it will not print now: a new paper is not sent to it.
    pub stopped: bool,
    /// For how many seconds it has been up (`printer-up-time`).
    pub up_time: Option<i32>,
}

/// `printer-state` stopped.
const STOPPED: i32 = 5;

/// How bad a reason is: its suffix (RFC 8011 §5.4.12); without one it is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Severity {
    Report,
    Warning,
    Error,
}

fn split(reason: &str) -> (&str, Severity) {
    for (suffix, severity) in
        [("-report", Severity::Report), ("-warning", Severity::Warning), ("-error", Severity::Error)]
    {
        if let Some(keyword) = reason.strip_suffix(suffix) {
            return (keyword, severity);
        }
    }
    (reason, Severity::Error)
}

/// The trouble that a keyword names (RFC 8011 §5.4.12, PWG 5100.9 and 5100.13); `None` where it keeps nothing from
/// printing.
fn trouble(keyword: &str) -> Option<PrinterTrouble> {
    Some(match keyword {
        "media-empty" | "media-needed" | "input-tray-missing" | "input-media-supply-empty" => PrinterTrouble::PaperOut,
        "media-jam" => PrinterTrouble::Jam,
        "door-open" | "cover-open" | "interlock-open" => PrinterTrouble::DoorOpen,
        "toner-empty" | "marker-supply-empty" | "marker-supply-missing" | "developer-empty" | "opc-life-over" => {
            PrinterTrouble::TonerOut
        }
        "output-area-full" | "output-tray-missing" | "marker-waste-full" => PrinterTrouble::OutputFull,
        "media-mismatch" | "input-media-size-change" | "input-media-type-change" => PrinterTrouble::WrongMedia,
        "paused" | "moving-to-paused" | "shutdown" | "stopped-partly" | "stopping" | "power-down" => {
            PrinterTrouble::Paused
        }
        // What a print server says of a printer that does not answer it.
        "offline" => PrinterTrouble::Offline,
        // Told without a suffix by some printers although nothing is wrong.
        "none"
        | "media-low"
        | "toner-low"
        | "marker-supply-low"
        | "marker-waste-almost-full"
        | "output-area-almost-full"
        | "developer-low"
        | "opc-near-eol"
        | "connecting-to-device"
        | "standby"
        | "power-up"
        | "warming-up"
        | "identify-printer-requested"
        | "wifi-not-configured"
        | "cups-waiting-for-job-completed" => return None,
        _ => PrinterTrouble::Broken,
    })
}

/// Whether a reason stops printing even where the printer calls it a warning, as some do with all that they say. The others
/// may be about a tray that nobody uses: `media-empty` says that *at least one* is empty, `media-needed` that the job waits.
fn always_stops(keyword: &str) -> bool {
    matches!(
        keyword,
        "media-needed" | "media-jam" | "door-open" | "cover-open" | "interlock-open" | "paused" | "shutdown"
    )
}

/// Reads a printer's attributes. `stuck`: it has a paper of ours that does not come out. `wanted`: it is well enough with
/// any of these papers loaded.
pub(crate) fn condition(printer: &Group, stuck: bool, wanted: &[Media]) -> Condition {
    let stopped = printer.number("printer-state") == Some(STOPPED);
    let mut troubles = BTreeSet::new();
    let mut low = false;
    for (keyword, severity) in printer.texts("printer-state-reasons").map(split) {
        low |= keyword == "media-low";
        let counts = match severity {
            Severity::Error => true,
            Severity::Warning => stopped || stuck || always_stops(keyword),
            // CUPS tells it as a mere report.
            Severity::Report => keyword == "offline",
        };
        if counts {
            troubles.extend(trouble(keyword));
        }
    }
    if !troubles.contains(&PrinterTrouble::PaperOut) && wrong_media(printer, wanted) {
        troubles.insert(PrinterTrouble::WrongMedia);
    }
    if troubles.is_empty() && stopped {
        troubles.insert(PrinterTrouble::Broken);
    }
    if troubles.is_empty() && printer.truth("printer-is-accepting-jobs") == Some(false) {
        troubles.insert(PrinterTrouble::Paused);
    }
    let no_pdf = !takes_pdf(printer);
    if no_pdf {
        troubles.insert(PrinterTrouble::NoPdf);
    }
    let stopped = stopped || no_pdf || printer.truth("printer-is-accepting-jobs") == Some(false);
    let up_time = printer.number("printer-up-time");
    Condition { troubles: troubles.into_iter().collect(), low, stopped, up_time }
}

/// Whether the printer takes PDF, as far as it says.
fn takes_pdf(printer: &Group) -> bool {
    let mut formats = printer.texts("document-format-supported").peekable();
    formats.peek().is_none() || formats.any(|format| format.eq_ignore_ascii_case("application/pdf"))
}

/// Whether the printer says which paper is loaded, and none that is wanted is among it.
fn wrong_media(printer: &Group, wanted: &[Media]) -> bool {
    let names: Vec<&str> = printer.texts("media-ready").collect();
    let (xs, ys) = (
        printer.numbers("media-col-ready.media-size.x-dimension"),
        printer.numbers("media-col-ready.media-size.y-dimension"),
    );
    let sizes: Vec<(i32, i32)> = xs.zip(ys).collect();
    let loaded = |media: &Media| {
        names.iter().any(|name| media.is_named(name)) || sizes.iter().any(|(x, y)| media.is_sized(*x, *y))
    };
    let told = !names.is_empty() || !sizes.is_empty();
    told && !wanted.iter().any(loaded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Value;

    fn says(state: i32, reasons: &[&str], media: &[&str]) -> Condition {
        says_of(state, reasons, media, false)
    }

    fn says_of(state: i32, reasons: &[&str], media: &[&str], stuck: bool) -> Condition {
        let texts = |list: &[&str]| list.iter().map(|text| Value::Text((*text).to_owned())).collect();
        let printer = Group::of([
            ("printer-state", vec![Value::Number(state)]),
            ("printer-state-reasons", texts(reasons)),
            ("media-ready", texts(media)),
        ]);
        condition(&printer, stuck, &[Media::A4])
    }

    #[test]
    fn reasons_become_troubles() {
        use PrinterTrouble::*;
        let ready = Condition::default();
        assert_eq!(says(3, &["none"], &["iso_a4_210x297mm"]), ready);
        assert_eq!(says(3, &[], &[]), ready);
        for (reason, trouble) in [
            ("media-empty", PaperOut),
            ("media-empty-error", PaperOut),
            ("media-needed", PaperOut),
            ("media-jam-error", Jam),
            ("cover-open", DoorOpen),
            ("door-open-error", DoorOpen),
            ("interlock-open", DoorOpen),
            ("toner-empty-error", TonerOut),
            ("marker-supply-empty", TonerOut),
            ("output-area-full", OutputFull),
            ("paused", Paused),
            ("shutdown", Paused),
            ("offline", Offline),
            ("offline-report", Offline),
            ("fuser-over-temp-error", Broken),
            ("on-fire", Broken),
        ] {
            assert_eq!(says(3, &[reason], &["iso_a4_210x297mm"]).troubles, [trouble], "{reason}");
        }
    }

    #[test]
    fn warnings_and_reports_stop_nothing() {
        assert_eq!(says(4, &["media-empty-warning", "toner-low-report"], &[]), Condition::default());
        assert_eq!(says(4, &["media-low-report"], &[]), Condition { low: true, ..Condition::default() });
        // But where nothing comes out, or where it cannot be about another tray, they say why.
        assert_eq!(says(5, &["media-empty-warning"], &[]).troubles, [PrinterTrouble::PaperOut]);
        assert_eq!(says_of(4, &["media-empty-warning"], &[], true).troubles, [PrinterTrouble::PaperOut]);
        assert_eq!(says(4, &["media-jam-warning"], &[]).troubles, [PrinterTrouble::Jam]);
        // And a printer that has stopped is in trouble even if it does not say in which.
        assert_eq!(says(5, &["none"], &[]).troubles, [PrinterTrouble::Broken]);
    }

    #[test]
    fn another_size_is_the_wrong_paper() {
        assert_eq!(says(3, &["none"], &["na_letter_8.5x11in"]).troubles, [PrinterTrouble::WrongMedia]);
        assert!(says(3, &["none"], &["na_letter_8.5x11in", "iso_a4_210x297mm"]).troubles.is_empty());
        assert_eq!(says(5, &["media-empty-error"], &["na_letter_8.5x11in"]).troubles, [PrinterTrouble::PaperOut]);
    }

    #[test]
    fn a_paper_wants_its_own_size_and_an_idle_printer_any() {
        let printer = Group::of([("media-ready", vec![Value::Text("iso_a3_297x420mm".to_owned())])]);
        let troubles = |wanted: &[Media]| condition(&printer, false, wanted).troubles;
        assert_eq!(troubles(&[Media::A4]), [PrinterTrouble::WrongMedia]);
        assert_eq!(troubles(&[Media::A3]), []);
        assert_eq!(troubles(&Media::ALL), []);
    }

    #[test]
    fn a_printer_that_takes_no_pdf_is_told_apart_and_sent_nothing() {
        let says = |formats: &[&str]| {
            let formats = formats.iter().map(|format| Value::Text((*format).to_owned())).collect();
            condition(&Group::of([("document-format-supported", formats)]), false, &Media::ALL)
        };
        let without = says(&["image/urf", "image/pwg-raster", "application/octet-stream"]);
        assert_eq!((without.troubles, without.stopped), (vec![PrinterTrouble::NoPdf], true));
        assert_eq!(says(&["image/urf", "application/pdf"]), Condition::default());
        assert_eq!(says(&[]), Condition::default());
    }
}
