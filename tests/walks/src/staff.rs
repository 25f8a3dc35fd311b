//! What a member of staff does: opens staff mode with the PIN, looks at its pages, orders an update.

use crate::hands::Hands;
use crate::site::STAFF_PIN;
use crate::walk::{Scene, Walk};
use anyhow::Context;
use std::time::Duration;
use visit::view::Body;

/// A little longer than the corner must be held.
const HOLD: Duration = Duration::from_millis(5500);

/// The corner's name.
const DOOR: &str = "職員用";

/// Titles of pages, in the order in which they are looked at, each with what is touched there.
const ROUND: [(&str, &str); 4] = [
    ("職員メニュー", "用紙・紙づまり"),
    ("用紙・紙づまり", "詰まった紙を取り除く"),
    ("詰まった紙を取り除く", "戻る"),
    ("用紙・紙づまり", "戻る"),
];

/// Goes round staff mode, from the home screen to the order to update.
///
/// # Errors
/// When a page does not come, or does not offer what should be touched there.
pub fn look_round<S: Scene>(walk: &mut Walk<S>) -> anyhow::Result<()> {
    walk.until("the home screen", |walk| {
        Ok(matches!(walk.kiosk.view().map(|view| &view.body), Some(Body::Home { .. })))
    })?;
    hands(walk).hold(DOOR, HOLD)?;
    walk.until("the pad", |walk| {
        Ok(matches!(walk.kiosk.view().map(|view| &view.body), Some(Body::StaffPin { open: true, .. })))
    })?;
    for digit in STAFF_PIN.chars() {
        hands(walk).touch(&digit.to_string())?;
        walk.turn();
    }
    let view = walk.kiosk.view().context("no view")?;
    let enter = domain::ruby::plain(&view.captions.ok);
    hands(walk).touch(&enter)?;
    for (title, touched) in ROUND {
        page(walk, title)?;
        hands(walk).touch(touched)?;
    }
    page(walk, "職員メニュー")?;
    hands(walk).touch("更新する")?;
    page(walk, "更新しますか")?;
    hands(walk).touch("更新する")
}

fn hands<S>(walk: &Walk<S>) -> Hands<'_> {
    Hands::noted(walk.kiosk.screen(), walk.score.as_ref())
}

fn page<S: Scene>(walk: &mut Walk<S>, title: &str) -> anyhow::Result<()> {
    walk.until(title, |walk| Ok(walk.kiosk.view().is_some_and(|view| view.title == title)))
}
