//! The preview of the real pages, printing, what to take along, the rating, and the screens of staff.

use crate::phrase::phrase;
use crate::shell::{model, with_arg};
use crate::ui::{self, Help, Level, PaperState, Papers, Phrase, Rate};
use crate::wipe::{self, Pixels};
use crate::{Core, terms};
use domain::form::FormId;
use domain::{RequestId, ruby};
use slint::{ComponentHandle, Image, ModelRc, SharedString};
use std::collections::BTreeMap;
use std::rc::Rc;
use visit::Intent;
use visit::view::{self, Body, PaperRow, View};

/// The pictures of the pages of one filling, and which one is looked at.
#[derive(Default)]
pub(crate) struct Preview {
    request: RequestId,
    pages: BTreeMap<FormId, Vec<Pixels>>,
    at: usize,
}

pub(crate) fn wire(core: &Rc<Core>) {
    core.app.global::<ui::Preview>().on_turned(with_arg(core, |core, by: i32| {
        {
            let mut preview = core.preview.borrow_mut();
            preview.at = preview.at.saturating_add_signed(by as isize);
        }
        show_page(core);
    }));
    core.app.global::<Rate>().on_picked(with_arg(core, |core, at: i32| {
        let Some(view) = core.view() else { return };
        if let Body::Rate { levels } = &view.body
            && let Some((level, _)) = usize::try_from(at).ok().and_then(|at| levels.get(at))
        {
            core.send(Intent::Rate(*level));
        }
    }));
}

pub(crate) fn set_pages(core: &Rc<Core>, request: RequestId, form: &FormId, pages: Vec<image::RgbaImage>) {
    let pixels = pages.into_iter().map(wipe::taken).collect();
    let last: Vec<_> = {
        let mut preview = core.preview.borrow_mut();
        let stale = if preview.request == request { BTreeMap::new() } else { std::mem::take(&mut preview.pages) };
        preview.request = request;
        let last = preview.pages.insert(form.clone(), pixels);
        stale.into_values().chain(last).flatten().collect()
    };
    show_page(core);
    wipe::discard(core, last);
}

/// Overwrites the pages, and which papers there were.
pub(crate) fn forget(core: &Rc<Core>) {
    let preview = core.app.global::<ui::Preview>();
    preview.set_page(Image::default());
    preview.set_page_there(false);
    preview.set_zoomed(false);
    preview.set_title(Phrase::default());
    preview.set_says(SharedString::default());
    core.app.global::<Papers>().set_rows(ModelRc::default());
    let pages = {
        let mut state = core.preview.borrow_mut();
        state.at = 0;
        std::mem::take(&mut state.pages)
    };
    wipe::discard(core, pages.into_values().flatten());
}

/// Every page of every paper, in the order of printing.
fn order(papers: &[PaperRow], pages: &BTreeMap<FormId, Vec<Pixels>>) -> Vec<(usize, usize)> {
    let count =
        |paper: &PaperRow| pages.get(&paper.form).map_or(usize::from(paper.pages.max(1)), |pages| pages.len().max(1));
    papers.iter().enumerate().flat_map(|(at, paper)| (0..count(paper)).map(move |page| (at, page))).collect()
}

fn show_page(core: &Core) {
    let Some(view) = core.view() else { return };
    let Body::Preview { request, papers, ready } = &view.body else { return };
    let global = core.app.global::<ui::Preview>();
    let mut state = core.preview.borrow_mut();
    // Another filling's pages have other values on them.
    let none = BTreeMap::new();
    let drawn = if state.request == *request { &state.pages } else { &none };
    let order = order(papers, drawn);
    let at = state.at.min(order.len().saturating_sub(1));
    let Some((paper, page)) = order.get(at).and_then(|(paper, page)| Some((papers.get(*paper)?, *page))) else {
        return;
    };
    let pixels = drawn.get(&paper.form).and_then(|pages| pages.get(page)).cloned();
    state.at = at;
    global.set_ready(*ready);
    global.set_page_there(pixels.is_some());
    global.set_page(pixels.map(Image::from_rgba8).unwrap_or_default());
    global.set_title(phrase(&paper.title, view.settings.furigana));
    let (n, m) = ((state.at + 1).to_string(), order.len().to_string());
    let position = ruby::plain(&view.captions.page_of).replace("{n}", &n).replace("{m}", &m);
    global.set_says(format!("{} {position}", ruby::plain(&paper.title)).into());
    global.set_position(position.into());
    global.set_first(state.at == 0);
    global.set_last(state.at + 1 >= order.len());
}

pub(crate) fn show(core: &Core, view: &View) {
    let language = view.settings.language;
    let say = |text: &str| phrase(text, view.settings.furigana);
    let row = |paper: &PaperRow| ui::Paper {
        title: say(&paper.title),
        state: match paper.state {
            view::PaperState::Waiting => PaperState::Waiting,
            view::PaperState::Printing => PaperState::Printing,
            view::PaperState::Done => PaperState::Done,
            view::PaperState::Failed => PaperState::Failed,
        },
        state_text: say(&paper.state_text),
        desk: say(&paper.desk),
    };
    let papers = core.app.global::<Papers>();
    match &view.body {
        Body::Preview { .. } => {
            let preview = core.app.global::<ui::Preview>();
            preview.set_previous(say(terms::previous_page(language)));
            preview.set_next(say(terms::next_page(language)));
            preview.set_larger(say(terms::zoom_in(language)));
            preview.set_smaller(say(terms::zoom_out(language)));
            show_page(core);
        }
        Body::Printing { papers: rows, done } => {
            papers.set_rows(model(rows.iter().map(row)));
            papers.set_done(*done);
        }
        Body::Collect { card, papers: rows, slip } => {
            papers.set_rows(model(rows.iter().map(row)));
            papers.set_card(*card);
            papers.set_card_text(say(&view.title));
            papers.set_slip(*slip);
            papers.set_slip_text(say(terms::slip(language)));
        }
        Body::Rate { levels } => {
            let level = |(level, label): &(u8, String)| Level {
                label: say(label),
                icon: SharedString::from(format!("rate-{level}")),
            };
            core.app.global::<Rate>().set_levels(model(levels.iter().map(level)));
        }
        Body::Staff { text } | Body::OutOfOrder { text } => core.app.global::<Help>().set_text(say(text)),
        _ => {}
    }
}
