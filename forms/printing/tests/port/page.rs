//! Papers on CUPS's own IPP Everywhere printer.

use crate::common::{Port, config, paper};
use anyhow::Context;
use domain::form::FormId;
use domain::paper::{Device, PrinterCommand, PrinterEvent, PrinterTrouble};
use domain::{IdentityTag, VisitId};
use printing::Config;
use stage::{IppPrinter, Secret, WireFault};
use std::time::Duration;

fn printed(visit: u64, form: &str) -> PrinterEvent {
    PrinterEvent::Printed { visit: VisitId(visit), form: FormId(form.into()) }
}

fn done(visit: u64) -> PrinterEvent {
    PrinterEvent::Done { visit: VisitId(visit) }
}

fn state(troubles: &[PrinterTrouble]) -> PrinterEvent {
    PrinterEvent::State { device: Device::Page, troubles: troubles.to_vec(), low: false }
}

#[test]
fn papers_arrive_intact_and_in_order() -> anyhow::Result<()> {
    let printer = IppPrinter::start()?;
    let mut port = Port::start(config(printer.uri()))?;
    port.wait("a ready printer", |event| *event == state(&[]))?;
    let papers = vec![paper(1, "first")?, paper(1, "second")?, paper(1, "third")?];
    port.print(1, papers.clone());
    port.wait("the end", |event| *event == done(1))?;
    assert_eq!(port.said, [state(&[]), printed(1, "first"), printed(1, "second"), printed(1, "third"), done(1)]);
    let tray = printer.papers()?;
    assert_eq!(tray.len(), papers.len());
    for (lies, sent) in tray.iter().zip(&papers) {
        assert!(std::fs::read(lies)? == sent.pdf.reveal().0, "another PDF");
    }
    Ok(())
}

#[test]
fn a_job_waits_for_each_trouble_and_completes_once() -> anyhow::Result<()> {
    let printer = IppPrinter::start()?;
    let mut port = Port::start(config(printer.uri()))?;
    port.wait("a ready printer", |event| *event == state(&[]))?;
    for (visit, (reason, trouble)) in [
        ("media-empty-error", PrinterTrouble::PaperOut),
        ("media-needed", PrinterTrouble::PaperOut),
        ("media-jam", PrinterTrouble::Jam),
        ("cover-open-error", PrinterTrouble::DoorOpen),
        ("toner-empty", PrinterTrouble::TonerOut),
        ("paused", PrinterTrouble::Paused),
        ("other", PrinterTrouble::Broken),
    ]
    .into_iter()
    .enumerate()
    {
        let visit = visit as u64 + 1;
        printer.trouble(Some(reason))?;
        port.print(visit, vec![paper(visit, "form")?]);
        port.wait(reason, |event| *event == state(&[trouble]))?;
        assert_eq!(
            printer.papers()?.len() as u64,
            visit - 1,
            "{reason}: it came out although the printer could not print"
        );
        printer.trouble(None)?;
        port.wait("the end", |event| *event == done(visit))?;
        port.said.clear();
        assert_eq!(printer.papers()?.len() as u64, visit, "{reason}");
        // The trouble is over before or after the end is told.
        port.drain(Duration::from_millis(400));
        assert!(port.said.iter().all(|event| *event == state(&[])), "{:?}", port.said);
    }
    Ok(())
}

#[test]
fn an_empty_a_low_and_a_wrong_tray_are_told() -> anyhow::Result<()> {
    let printer = IppPrinter::start()?;
    let mut port = Port::start(config(printer.uri()))?;
    port.wait("a ready printer", |event| *event == state(&[]))?;
    printer.load("iso_a4_210x297mm", 5)?;
    let low = PrinterEvent::State { device: Device::Page, troubles: vec![], low: true };
    port.wait("few sheets", |event| *event == low)?;
    printer.load("na_letter_8.5x11in", 250)?;
    port.wait("the wrong paper", |event| *event == state(&[PrinterTrouble::WrongMedia]))?;
    // This printer only warns of it, as of any empty tray, until a job needs the paper.
    printer.load("iso_a4_210x297mm", 0)?;
    port.wait("another tray, for all we know", |event| *event == state(&[]))?;
    port.print(1, vec![paper(1, "form")?]);
    port.wait("an empty tray", |event| *event == state(&[PrinterTrouble::PaperOut]))?;
    assert_eq!(printer.papers()?.len(), 0);
    printer.load("iso_a4_210x297mm", 250)?;
    port.wait("the end", |event| *event == done(1))?;
    assert_eq!(printer.papers()?.len(), 1);
    Ok(())
}

#[test]
fn a_printer_switched_off_in_the_middle_prints_one_copy_when_it_is_back() -> anyhow::Result<()> {
    let mut printer = IppPrinter::start()?;
    let mut port = Port::start(config(printer.uri()))?;
    printer.trouble(Some("media-jam"))?;
    port.print(1, vec![paper(1, "first")?, paper(1, "second")?]);
    port.wait("a jam", |event| *event == state(&[PrinterTrouble::Jam]))?;
    // It counts seconds: up for fewer, it could not be told from one that was never off.
    port.drain(Duration::from_secs(2));
    printer.switch_off();
    port.wait("a printer that is away", |event| *event == state(&[PrinterTrouble::Offline]))?;
    printer.trouble(None)?;
    printer.switch_on()?;
    port.wait(
        "a printer that is back",
        |event| matches!(event, PrinterEvent::State { troubles, .. } if troubles.is_empty()),
    )?;
    port.wait("the end", |event| *event == done(1))?;
    assert_eq!(port.said.iter().filter(|event| matches!(event, PrinterEvent::Printed { .. })).count(), 2);
    port.drain(Duration::from_millis(500));
    assert_eq!(printer.papers()?.len(), 2, "not exactly one copy of each");
    Ok(())
}

#[test]
fn papers_wait_for_a_printer_that_is_not_there_yet() -> anyhow::Result<()> {
    let mut printer = IppPrinter::start()?;
    printer.switch_off();
    let mut port = Port::start(config(printer.uri()))?;
    port.wait("a printer that is away", |event| *event == state(&[PrinterTrouble::Offline]))?;
    port.print(1, vec![paper(1, "kept")?]);
    port.print(2, vec![paper(2, "cancelled")?]);
    port.handle.send(PrinterCommand::Cancel(VisitId(2)));
    printer.switch_on()?;
    port.wait("the end", |event| *event == done(1))?;
    port.drain(Duration::from_millis(500));
    assert_eq!(printer.papers()?.len(), 1);
    assert!(!port.said.contains(&done(2)));
    Ok(())
}

#[test]
fn nothing_comes_out_of_a_visit_that_was_cancelled() -> anyhow::Result<()> {
    let printer = IppPrinter::start()?;
    let mut port = Port::start(config(printer.uri()))?;
    // Cancelled while the printer holds it.
    printer.trouble(Some("media-empty"))?;
    port.print(1, vec![paper(1, "first")?, paper(1, "second")?]);
    port.wait("an empty tray", |event| *event == state(&[PrinterTrouble::PaperOut]))?;
    port.handle.send(PrinterCommand::Cancel(VisitId(1)));
    // The engine hears of it and gives up, so that its trouble ends too.
    port.wait("a printer without the job", |event| *event == state(&[]))?;
    printer.trouble(None)?;
    // Cancelled while the printer is away.
    printer.trouble(Some("media-jam"))?;
    port.print(2, vec![paper(2, "first")?]);
    port.wait("a jam", |event| *event == state(&[PrinterTrouble::Jam]))?;
    printer.hang_up(true);
    port.wait("a printer that is away", |event| *event == state(&[PrinterTrouble::Offline]))?;
    port.handle.send(PrinterCommand::Cancel(VisitId(2)));
    printer.hang_up(false);
    port.wait("a printer without the job", |event| *event == state(&[]))?;
    printer.trouble(None)?;
    // What is ordered for a visit that has ended is not even sent.
    port.print(1, vec![paper(1, "late")?]);
    // The next visit's paper is the only one.
    port.print(3, vec![paper(3, "mine")?]);
    port.wait("the end", |event| *event == done(3))?;
    let tray = printer.papers()?;
    assert_eq!(tray.len(), 1);
    assert!(std::fs::read(&tray[0])?.ends_with(b"%3 mine\n"));
    assert!(
        !port.said.iter().any(|event| matches!(event, PrinterEvent::Printed { visit, .. } if *visit != VisitId(3)))
    );
    Ok(())
}

#[test]
fn a_paper_that_is_not_the_visits_own_is_never_sent() -> anyhow::Result<()> {
    let printer = IppPrinter::start()?;
    let mut port = Port::start(config(printer.uri()))?;
    let mut of_another_visit = paper(1, "visit")?;
    of_another_visit.visit = VisitId(9);
    let mut of_another_person = paper(1, "person")?;
    of_another_person.tag = Some(IdentityTag(99));
    let mut of_nobody = paper(1, "nobody")?;
    of_nobody.tag = None;
    port.print(1, vec![of_another_visit, paper(1, "mine")?, of_another_person, of_nobody]);
    port.wait("the end", |event| *event == done(1))?;
    let failed = |form: &str| PrinterEvent::Failed { visit: VisitId(1), form: FormId(form.into()) };
    let told: Vec<_> = port.said.iter().filter(|event| !matches!(event, PrinterEvent::State { .. })).cloned().collect();
    assert_eq!(told, [failed("visit"), printed(1, "mine"), failed("person"), failed("nobody"), done(1)]);
    let tray = printer.papers()?;
    assert_eq!(tray.len(), 1);
    assert!(std::fs::read(&tray[0])?.ends_with(b"%1 mine\n"));
    Ok(())
}

#[test]
fn what_a_former_run_left_in_the_printer_does_not_come_out() -> anyhow::Result<()> {
    let printer = IppPrinter::start()?;
    printer.trouble(Some("media-empty"))?;
    let mut port = Port::start(config(printer.uri()))?;
    port.print(1, vec![paper(1, "left")?]);
    port.wait("an empty tray", |event| *event == state(&[PrinterTrouble::PaperOut]))?;
    // A port that ends cannot cancel in a printer that is away; nor can one that crashes.
    printer.hang_up(true);
    drop(port);
    printer.hang_up(false);
    let mut port = Port::start(config(printer.uri()))?;
    port.wait("a printer without the job", |event| *event == state(&[]))?;
    printer.trouble(None)?;
    port.print(1, vec![paper(1, "new")?]);
    port.wait("the end", |event| *event == done(1))?;
    let tray = printer.papers()?;
    assert_eq!(tray.len(), 1);
    assert!(std::fs::read(&tray[0])?.ends_with(b"%1 new\n"));
    Ok(())
}

#[test]
fn a_port_that_ends_takes_its_job_back() -> anyhow::Result<()> {
    let printer = IppPrinter::start()?;
    printer.trouble(Some("media-empty"))?;
    let mut port = Port::start(config(printer.uri()))?;
    port.print(1, vec![paper(1, "left")?]);
    port.wait("an empty tray", |event| *event == state(&[PrinterTrouble::PaperOut]))?;
    drop(port);
    printer.trouble(None)?;
    // The printer takes one job at a time: the next one is through only when the first is gone.
    let mut port = Port::start(config(printer.uri()))?;
    port.print(2, vec![paper(2, "new")?]);
    port.wait("the end", |event| *event == done(2))?;
    assert_eq!(printer.papers()?.len(), 1);
    Ok(())
}

/// Whether a paper of the tray is whole: papers end in a line of their own.
fn is_whole(paper: &std::path::Path, end: &str) -> anyhow::Result<bool> {
    Ok(std::fs::read(paper)?.ends_with(format!("%{end}\n").as_bytes()))
}

#[test]
fn a_paper_whose_answer_is_lost_is_not_sent_again() -> anyhow::Result<()> {
    let printer = IppPrinter::start()?;
    let mut port = Port::start(config(printer.uri()))?;
    port.wait("a ready printer", |event| *event == state(&[]))?;
    printer.spoil(WireFault::LoseAnswer);
    port.print(1, vec![paper(1, "first")?, paper(1, "second")?]);
    port.wait("the end", |event| *event == done(1))?;
    assert!(printer.is_spoilt());
    assert!(port.said.ends_with(&[printed(1, "first"), printed(1, "second"), done(1)]), "{:?}", port.said);
    let tray = printer.papers()?;
    assert_eq!(tray.len(), 2);
    assert!(is_whole(&tray[0], "1 first")? && is_whole(&tray[1], "1 second")?);
    Ok(())
}

#[test]
fn a_paper_whose_answer_is_lost_while_the_printer_waits_is_not_sent_again() -> anyhow::Result<()> {
    let printer = IppPrinter::start()?;
    let mut port = Port::start(config(printer.uri()))?;
    printer.trouble(Some("media-jam"))?;
    printer.spoil(WireFault::LoseAnswer);
    port.print(1, vec![paper(1, "first")?]);
    port.wait("a jam", |event| *event == state(&[PrinterTrouble::Jam]))?;
    port.drain(Duration::from_secs(1));
    printer.trouble(None)?;
    port.wait("the end", |event| *event == done(1))?;
    port.drain(Duration::from_millis(500));
    assert_eq!(printer.papers()?.len(), 1);
    Ok(())
}

#[test]
fn a_paper_cut_off_on_its_way_comes_out_whole_once_or_is_told_to_have_failed() -> anyhow::Result<()> {
    let size = paper(1, "form")?.pdf.reveal().0.len();
    // Not nearer to the end than the stage's own window, which is acknowledged before it goes on.
    for after in [DOCUMENT, size / 2, size - 8192] {
        let printer = IppPrinter::start()?;
        let mut port = Port::start(config(printer.uri()))?;
        port.wait("a ready printer", |event| *event == state(&[]))?;
        printer.spoil(WireFault::CutAfter(after));
        port.print(1, vec![paper(1, "form")?]);
        port.wait("the end", |event| *event == done(1)).with_context(|| format!("cut after {after}"))?;
        assert!(printer.is_spoilt());
        let mut whole = 0;
        for paper in printer.papers()? {
            whole += usize::from(is_whole(&paper, "1 form")?);
        }
        let told = port.said.iter().filter(|event| matches!(event, PrinterEvent::Printed { .. })).count();
        // CUPS's printer prints what it has got of a document as if it were all; that is never told as printed.
        assert_eq!(whole, told, "cut after {after} of {size}: {:?}", port.said);
        assert!(whole <= 1);
    }
    Ok(())
}

#[test]
fn a_visit_cancelled_while_its_paper_is_being_sent_leaves_nothing() -> anyhow::Result<()> {
    let printer = IppPrinter::start()?;
    let mut port = Port::start(config(printer.uri()))?;
    port.wait("a ready printer", |event| *event == state(&[]))?;
    for (visit, after) in [(1, DOCUMENT), (2, 20_000)] {
        printer.spoil(WireFault::HoldAfter(after));
        port.print(visit, vec![paper(visit, "form")?, paper(visit, "more")?]);
        stage::wait_for("the transfer to hang", Duration::from_secs(10), || Ok(printer.is_spoilt().then_some(())))?;
        port.handle.send(PrinterCommand::Cancel(VisitId(visit)));
    }
    port.print(3, vec![paper(3, "mine")?]);
    port.wait("the end", |event| *event == done(3))?;
    port.drain(Duration::from_millis(500));
    let tray = printer.papers()?;
    assert_eq!(tray.len(), 1, "{:?}", port.said);
    assert!(is_whole(&tray[0], "3 mine")?);
    assert!(
        !port.said.iter().any(|event| matches!(event, PrinterEvent::Printed { visit, .. } if *visit != VisitId(3)))
    );
    Ok(())
}

/// From so many bytes on the stage takes a request for a document.
const DOCUMENT: usize = 4096;

fn failed(visit: u64, form: &str) -> PrinterEvent {
    PrinterEvent::Failed { visit: VisitId(visit), form: FormId(form.into()) }
}

/// All but how the printer is.
fn told(port: &Port) -> Vec<PrinterEvent> {
    port.said.iter().filter(|event| !matches!(event, PrinterEvent::State { .. })).cloned().collect()
}

#[test]
fn a_printer_that_hides_names_is_asked_by_its_own_numbers() -> anyhow::Result<()> {
    let printer = IppPrinter::start()?;
    printer.keep_secret(Secret::Names);
    let mut port = Port::start(config(printer.uri()))?;
    port.print(1, vec![paper(1, "first")?, paper(1, "second")?]);
    port.wait("the end", |event| *event == done(1))?;
    assert_eq!(told(&port), [printed(1, "first"), printed(1, "second"), done(1)]);
    port.drain(Duration::from_millis(500));
    assert_eq!(printer.papers()?.len(), 2);
    Ok(())
}

#[test]
fn a_printer_that_forgets_at_once_prints_once_and_the_paper_counts_as_failed() -> anyhow::Result<()> {
    let printer = IppPrinter::start()?;
    printer.keep_secret(Secret::NamesAndHistory);
    let mut port = Port::start(config(printer.uri()))?;
    port.print(1, vec![paper(1, "first")?, paper(1, "second")?]);
    port.wait("the end", |event| *event == done(1))?;
    // Nobody can say that they came out.
    assert_eq!(told(&port), [failed(1, "first"), failed(1, "second"), done(1)]);
    port.drain(Duration::from_millis(500));
    assert_eq!(printer.papers()?.len(), 2, "sent again");
    Ok(())
}

#[test]
fn a_paper_whose_answer_is_lost_is_never_sent_again_to_a_printer_that_hides_names() -> anyhow::Result<()> {
    let printer = IppPrinter::start()?;
    printer.keep_secret(Secret::NamesAndHistory);
    let mut port = Port::start(config(printer.uri()))?;
    port.wait("a ready printer", |event| *event == state(&[]))?;
    printer.spoil(WireFault::LoseAnswer);
    port.print(1, vec![paper(1, "first")?]);
    port.wait("the end", |event| *event == done(1))?;
    assert_eq!(told(&port), [failed(1, "first"), done(1)]);
    port.drain(Duration::from_millis(500));
    assert!(printer.papers()?.len() <= 1, "sent again");
    Ok(())
}

#[test]
fn an_ended_visits_paper_is_cancelled_in_a_printer_that_hides_names() -> anyhow::Result<()> {
    let printer = IppPrinter::start()?;
    printer.keep_secret(Secret::NamesAndHistory);
    let mut port = Port::start(config(printer.uri()))?;
    printer.trouble(Some("media-empty"))?;
    port.print(1, vec![paper(1, "first")?]);
    port.wait("an empty tray", |event| *event == state(&[PrinterTrouble::PaperOut]))?;
    port.handle.send(PrinterCommand::Cancel(VisitId(1)));
    port.wait("a printer without the job", |event| *event == state(&[]))?;
    printer.trouble(None)?;
    port.print(2, vec![paper(2, "mine")?]);
    port.wait("the end", |event| *event == done(2))?;
    let tray = printer.papers()?;
    assert_eq!(tray.len(), 1);
    assert!(is_whole(&tray[0], "2 mine")?);
    Ok(())
}

#[test]
fn kiosks_that_share_a_printer_leave_each_others_jobs_alone() -> anyhow::Result<()> {
    let printer = IppPrinter::start()?;
    printer.trouble(Some("media-jam"))?;
    let mut first = Port::start(config(printer.uri()))?;
    first.print(1, vec![paper(1, "first")?]);
    first.wait("a jam", |event| *event == state(&[PrinterTrouble::Jam]))?;
    let mut second = Port::start(Config { kiosk: "hall-2".to_owned(), ..config(printer.uri()) })?;
    second.wait("a jam", |event| *event == state(&[PrinterTrouble::Jam]))?;
    // It has swept by now; were the job gone, the trouble would be over.
    second.drain(Duration::from_millis(500));
    second.print(1, vec![paper(1, "second")?]);
    printer.trouble(None)?;
    first.wait("the end", |event| *event == done(1))?;
    second.wait("the end", |event| *event == done(1))?;
    assert_eq!(told(&first), [printed(1, "first"), done(1)]);
    assert_eq!(told(&second), [printed(1, "second"), done(1)]);
    assert_eq!(printer.papers()?.len(), 2);
    Ok(())
}
