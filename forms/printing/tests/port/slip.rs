//! Slips on a receipt printer that decodes what it is sent.

use crate::common::{Port, config};
use anyhow::Context;
use domain::paper::{Device, PrinterCommand, PrinterEvent, PrinterTrouble, SlipJob, SlipLine};
use domain::{Language, VisitId};
use printing::{Config, SlipPrinter};
use stage::{ReceiptPrinter, Slip};

const QR: &str = "https://queue.example.jp/?v=V000012&f=juminhyo-request,tax-certificate";

fn job(visit: u64) -> SlipJob {
    SlipJob {
        visit: VisitId(visit),
        language: Language::Ja,
        lines: vec![
            SlipLine::Heading("渚市役所".into()),
            SlipLine::Rule,
            SlipLine::Heading("2番 市民課".into()),
            SlipLine::Tick("住民票の写し等交付請求書".into()),
            SlipLine::Text("手数料 1通 300円".into()),
        ],
        qr: Some(QR.into()),
    }
}

fn state(troubles: &[PrinterTrouble], low: bool) -> PrinterEvent {
    PrinterEvent::State { device: Device::Slip, troubles: troubles.to_vec(), low }
}

fn answer(visit: u64, printed: bool) -> PrinterEvent {
    PrinterEvent::Slip { visit: VisitId(visit), printed }
}

/// A port whose page printer is not there: slips do not need it.
fn port(slip: SlipPrinter) -> anyhow::Result<Port> {
    Port::start(Config {
        slip: Some(slip),
        patience: std::time::Duration::from_secs(2),
        ..config("ipp://127.0.0.1:1/")
    })
}

fn qr(slip: &Slip) -> anyhow::Result<String> {
    let (width, height) = (usize::try_from(slip.width)?, usize::try_from(slip.height)?);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| slip.luma[y * width + x]);
    let grids = image.detect_grids();
    anyhow::ensure!(grids.len() == 1, "{} QRs", grids.len());
    Ok(grids[0].decode()?.1)
}

#[test]
fn a_slip_is_printed_cut_and_its_qr_read() -> anyhow::Result<()> {
    let printer = ReceiptPrinter::start()?;
    let mut port = port(SlipPrinter::Tcp(printer.address()))?;
    port.wait("a ready printer", |event| *event == state(&[], false))?;
    port.handle.send(PrinterCommand::Slip(job(1)));
    port.wait("the slip", |event| *event == answer(1, true))?;
    let slips = printer.slips();
    assert_eq!(slips.len(), 1);
    assert_eq!(printer.uncut(), Slip::default());
    assert_eq!(printer.faults(), Vec::<String>::new());
    assert_eq!(qr(&slips[0])?, QR);
    // Every dot as it was drawn.
    let drawn = printing::slip::draw(&job(1))?;
    assert_eq!(slips[0].height, drawn.height());
    assert!(slips[0].luma == drawn.luma());
    Ok(())
}

#[test]
fn a_device_file_is_as_good_as_a_connection() -> anyhow::Result<()> {
    let printer = ReceiptPrinter::start_device()?;
    let mut port = port(SlipPrinter::Device(printer.address().into()))?;
    for visit in 1..=2 {
        port.handle.send(PrinterCommand::Slip(job(visit)));
        port.wait("the slip", |event| *event == answer(visit, true))?;
    }
    assert_eq!(printer.faults(), Vec::<String>::new());
    let slips = printer.slips();
    assert_eq!(slips.len(), 2);
    assert_eq!(qr(&slips[1])?, QR);
    Ok(())
}

#[test]
fn paper_out_cover_and_near_end_are_told_and_no_slip_is_promised() -> anyhow::Result<()> {
    let printer = ReceiptPrinter::start()?;
    let mut port = port(SlipPrinter::Tcp(printer.address()))?;
    printer.near_end(true);
    port.wait("a low roll", |event| *event == state(&[], true))?;
    printer.near_end(false);
    printer.paper(Some(0));
    port.wait("no paper", |event| *event == state(&[PrinterTrouble::PaperOut], false))?;
    port.handle.send(PrinterCommand::Slip(job(1)));
    port.wait("a refusal", |event| *event == answer(1, false))?;
    printer.paper(None);
    port.wait("a ready printer", |event| *event == state(&[], false))?;
    printer.cover(true);
    port.wait("an open cover", |event| *event == state(&[PrinterTrouble::DoorOpen], false))?;
    port.handle.send(PrinterCommand::Slip(job(2)));
    port.wait("a refusal", |event| *event == answer(2, false))?;
    printer.cover(false);
    port.wait("a ready printer", |event| *event == state(&[], false))?;
    port.handle.send(PrinterCommand::Slip(job(3)));
    port.wait("the slip", |event| *event == answer(3, true))?;
    assert_eq!(printer.slips().len(), 1);
    assert_eq!(printer.uncut(), Slip::default());
    Ok(())
}

#[test]
fn a_roll_that_ends_within_a_slip_does_not_print_its_rest_for_the_next_visit() -> anyhow::Result<()> {
    let whole = printing::slip::draw(&job(1))?.height() as usize;
    // Within the first band, within the second, within the last, and at the very end.
    for rows in [10, 300, whole - 1, whole] {
        let printer = ReceiptPrinter::start()?;
        let mut port = port(SlipPrinter::Tcp(printer.address()))?;
        port.wait("a ready printer", |event| *event == state(&[], false))?;
        printer.paper(Some(rows));
        port.handle.send(PrinterCommand::Slip(job(1)));
        port.wait("no slip", |event| *event == answer(1, false)).with_context(|| format!("{rows} rows"))?;
        assert!(port.said.contains(&state(&[PrinterTrouble::PaperOut], false)), "{rows} rows: {:?}", port.said);
        let torn = printer.uncut().height;
        assert_eq!(torn as usize, rows);
        printer.paper(None);
        port.wait("a ready printer", |event| *event == state(&[], false))?;
        assert_eq!((printer.uncut().height, printer.slips().len()), (torn, 0), "{rows} rows: the rest came out");
    }
    Ok(())
}

#[test]
fn the_slip_of_a_visit_that_has_ended_is_not_printed() -> anyhow::Result<()> {
    let printer = ReceiptPrinter::start()?;
    let mut port = port(SlipPrinter::Tcp(printer.address()))?;
    port.handle.send(PrinterCommand::Cancel(VisitId(1)));
    port.handle.send(PrinterCommand::Slip(job(1)));
    port.handle.send(PrinterCommand::Slip(job(2)));
    port.wait("the next slip", |event| *event == answer(2, true))?;
    assert!(port.said.contains(&answer(1, false)));
    assert_eq!(printer.slips().len(), 1);
    Ok(())
}

#[test]
fn a_printer_that_is_off_is_offline_and_comes_back() -> anyhow::Result<()> {
    let printer = ReceiptPrinter::start()?;
    let mut port = port(SlipPrinter::Tcp(printer.address()))?;
    port.wait("a ready printer", |event| *event == state(&[], false))?;
    printer.switch(false);
    port.wait("a printer that is away", |event| *event == state(&[PrinterTrouble::Offline], false))?;
    port.handle.send(PrinterCommand::Slip(job(1)));
    port.wait("no slip", |event| *event == answer(1, false))?;
    printer.switch(true);
    port.wait("a ready printer", |event| *event == state(&[], false))?;
    port.handle.send(PrinterCommand::Slip(job(2)));
    port.wait("the slip", |event| *event == answer(2, true))?;
    assert_eq!(printer.slips().len(), 1);
    Ok(())
}

#[test]
fn a_kiosk_without_a_receipt_printer_says_so() -> anyhow::Result<()> {
    let mut port = Port::start(config("ipp://127.0.0.1:1/"))?;
    port.handle.send(PrinterCommand::Slip(job(1)));
    port.wait("no slip", |event| *event == answer(1, false))?;
    Ok(())
}

/// A port and a printer that has printed the first band of a visit's slip and is heard no more.
fn halfway() -> anyhow::Result<(ReceiptPrinter, Port)> {
    let printer = ReceiptPrinter::start()?;
    let mut port = port(SlipPrinter::Tcp(printer.address()))?;
    port.wait("a ready printer", |event| *event == state(&[], false))?;
    printer.hold_at(Some(1));
    port.handle.send(PrinterCommand::Slip(job(1)));
    stage::wait_for("half a slip", std::time::Duration::from_secs(10), || {
        Ok((printer.uncut().height > 0).then_some(()))
    })?;
    Ok((printer, port))
}

/// The piece has been cut off, and the next visit's slip is whole and its own.
fn the_next_slip_is_whole(printer: &ReceiptPrinter, mut port: Port, piece: u32) -> anyhow::Result<()> {
    port.handle.send(PrinterCommand::Slip(job(2)));
    port.wait("the next slip", |event| *event == answer(2, true))?;
    let heights: Vec<u32> = printer.slips().iter().map(|slip| slip.height).collect();
    assert_eq!(heights, [piece, printing::slip::draw(&job(2))?.height()]);
    assert_eq!(qr(&printer.slips()[1])?, QR);
    assert_eq!(printer.uncut(), Slip::default());
    Ok(())
}

#[test]
fn half_a_slip_of_a_visit_that_ends_is_cut_off_at_once() -> anyhow::Result<()> {
    let (printer, mut port) = halfway()?;
    let piece = printer.uncut().height;
    port.handle.send(PrinterCommand::Cancel(VisitId(1)));
    printer.hold_at(None);
    port.wait("no slip", |event| *event == answer(1, false))?;
    stage::wait_for("the cut", std::time::Duration::from_secs(10), || Ok((printer.slips().len() == 1).then_some(())))?;
    the_next_slip_is_whole(&printer, port, piece)
}

#[test]
fn half_a_slip_is_cut_off_when_the_cover_is_closed() -> anyhow::Result<()> {
    let (printer, mut port) = halfway()?;
    let piece = printer.uncut().height;
    printer.cover(true);
    printer.hold_at(None);
    port.wait("no slip", |event| *event == answer(1, false))?;
    assert!(port.said.contains(&state(&[PrinterTrouble::DoorOpen], false)));
    assert_eq!(printer.slips().len(), 0);
    printer.cover(false);
    port.wait("a ready printer", |event| *event == state(&[], false))?;
    the_next_slip_is_whole(&printer, port, piece)
}

#[test]
fn a_cover_opened_before_the_cut_is_no_slip() -> anyhow::Result<()> {
    let printer = ReceiptPrinter::start()?;
    let mut port = port(SlipPrinter::Tcp(printer.address()))?;
    port.wait("a ready printer", |event| *event == state(&[], false))?;
    let whole = printing::slip::draw(&job(1))?.height();
    printer.hold_at(Some(whole));
    port.handle.send(PrinterCommand::Slip(job(1)));
    stage::wait_for("the whole slip", std::time::Duration::from_secs(10), || {
        Ok((printer.uncut().height == whole).then_some(()))
    })?;
    printer.cover(true);
    printer.hold_at(None);
    port.wait("no slip", |event| *event == answer(1, false))?;
    printer.cover(false);
    port.wait("a ready printer", |event| *event == state(&[], false))?;
    the_next_slip_is_whole(&printer, port, whole)
}
