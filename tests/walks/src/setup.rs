//! What an installer does at the first start: goes through the dialogue on the glass, to the order that puts it in force.

use crate::hands::Hands;
use crate::site::STAFF_PIN;
use crate::walk::{Scene, Walk};
use anyhow::Context;
use visit::view::Body;
use visit::{SettingUp, SetupPage, State};

/// Where no printer answers, here or in an emulated machine: a network for documentation (RFC 5737).
const PRINTER: &str = "192.0.2.9";

/// Sets a kiosk up by its dialogue: by DHCP, with a printer that is entered and does not answer yet, and a PIN.
///
/// # Errors
/// When a page does not come, or does not offer what should be touched there.
pub fn set_up<S: Scene>(walk: &mut Walk<S>) -> anyhow::Result<()> {
    walk.until("the way to the first start", |walk| {
        Ok(matches!(walk.kiosk.view().map(|view| &view.body), Some(Body::Home { setup: Some(_), .. })))
    })?;
    hands(walk).touch("設置する")?;
    page(walk, SetupPage::Language, |_| true)?;
    hands(walk).touch("次へ")?;
    page(walk, SetupPage::Network, |setup| setup.seen.is_some())?;
    hands(walk).touch("次へ")?;
    // A slower machine comes here when the search is over.
    page(walk, SetupPage::Printer, |setup| !setup.searching)?;
    hands(walk).touch("アドレスで選ぶ")?;
    page(walk, SetupPage::PrinterAddress, |_| true)?;
    for key in PRINTER.chars() {
        hands(walk).touch(&key.to_string())?;
        walk.turn();
    }
    hands(walk).touch("次へ")?;
    page(walk, SetupPage::PrinterAddress, |setup| setup.trouble.is_some())?;
    hands(walk).touch("このまま使う")?;
    page(walk, SetupPage::Printer, |setup| setup.printer.is_some())?;
    hands(walk).touch("次へ")?;
    page(walk, SetupPage::Devices, |setup| setup.seen.is_some())?;
    hands(walk).touch("次へ")?;
    for pin in [SetupPage::Pin, SetupPage::PinAgain] {
        page(walk, pin, |_| true)?;
        for digit in STAFF_PIN.chars() {
            hands(walk).touch(&digit.to_string())?;
            walk.turn();
        }
        let view = walk.kiosk.view().context("no view")?;
        let enter = domain::ruby::plain(&view.captions.ok);
        hands(walk).touch(&enter)?;
    }
    page(walk, SetupPage::Summary, |_| true)?;
    hands(walk).touch("使いはじめる")
}

fn hands<S>(walk: &Walk<S>) -> Hands<'_> {
    Hands::noted(walk.kiosk.screen(), walk.score.as_ref())
}

/// Until this page is there, as it is wanted.
fn page<S: Scene>(walk: &mut Walk<S>, wanted: SetupPage, is: impl Fn(&SettingUp) -> bool) -> anyhow::Result<()> {
    walk.until(&format!("{wanted:?}"), |walk| match walk.kiosk.visit().state() {
        State::SettingUp(setup) => Ok(setup.page == wanted && is(setup)),
        _ => Ok(false),
    })?;
    // The second tap of a double tap does nothing.
    hands(walk).pass(screens::DOUBLE_TAP);
    Ok(())
}
