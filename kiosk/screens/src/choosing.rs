//! Home and the choice of services: categories and search are the screen's own business.

use crate::keys::{self, Captions, Letters, Use};
use crate::phrase::phrase;
use crate::shell::{model, press, with, with_arg};
use crate::ui::{self, Choose, Group, Home, Keyboard, Pad};
use crate::{Core, terms};
use domain::Language;
use slint::ComponentHandle;
use std::rc::Rc;
use visit::Intent;
use visit::view::{Body, Button, ServiceTile, View};

/// What is looked for.
#[derive(Default)]
pub(crate) struct Choosing {
    group: usize,
    searching: bool,
    query: String,
    letters: Option<Letters>,
}

impl Choosing {
    /// The screen is left: a search is over, the category stays.
    pub(crate) fn leave(&mut self) {
        self.searching = false;
        self.query.clear();
    }

    pub(crate) fn searching(&self) -> bool {
        self.searching
    }

    fn letters(&self, language: Language) -> Letters {
        self.letters.unwrap_or(match language {
            Language::Ja => Letters::Hiragana,
            _ => Letters::Latin { capitals: false },
        })
    }
}

/// What a chip above the tiles stands for.
enum Chip {
    MostUsed,
    All,
    Category(String),
}

fn chips(view: &View) -> Vec<Chip> {
    let Body::Choose { categories, tiles, .. } = &view.body else { return Vec::new() };
    let most_used = tiles.iter().any(|tile| tile.most_used).then_some(Chip::MostUsed);
    let categories = categories.iter().map(|(category, _)| Chip::Category(category.id.clone()));
    most_used.into_iter().chain([Chip::All]).chain(categories).collect()
}

/// The tiles that are shown now, in their order.
fn shown<'a>(core: &Core, view: &'a View) -> Vec<&'a ServiceTile> {
    let Body::Choose { tiles, .. } = &view.body else { return Vec::new() };
    let choosing = core.choosing.borrow();
    if choosing.searching {
        let hits = core.options.catalogue.search(&choosing.query);
        return hits.iter().filter_map(|hit| tiles.iter().find(|tile| tile.id == hit.id)).collect();
    }
    let chips = chips(view);
    tiles
        .iter()
        .filter(|tile| match chips.get(choosing.group) {
            Some(Chip::MostUsed) => tile.most_used,
            Some(Chip::Category(id)) => tile.category == *id,
            Some(Chip::All) | None => true,
        })
        .collect()
}

fn icon(core: &Core, category: &str) -> slint::SharedString {
    let category = core.options.catalogue.categories.iter().find(|known| known.id == category);
    category.map_or("paper", |category| &category.icon).into()
}

pub(crate) fn wire(core: &Rc<Core>) {
    let home = core.app.global::<Home>();
    home.on_begin_pressed(with(core, |core| {
        let Some(view) = core.view() else { return };
        if let Body::Home { begin, .. } = &view.body
            && core.app.global::<ui::Guard>().get_open()
        {
            press(core, begin.as_ref());
        }
    }));
    home.on_ask_pressed(with(core, |core| {
        let Some(view) = core.view() else { return };
        if let Body::Home { ask, .. } = &view.body
            && core.app.global::<ui::Guard>().get_open()
        {
            press(core, ask.as_ref());
        }
    }));
    home.on_picked(with_arg(core, |core, at: i32| {
        let Some(view) = core.view() else { return };
        let Body::Home { tiles, often, .. } = &view.body else { return };
        let Ok(at) = usize::try_from(at) else { return };
        match tiles.get(at) {
            Some(tile) => core.send(Intent::Toggle(tile.id.clone())),
            None => press(core, often.get(at).map(|(_, button)| button)),
        }
    }));
    let choose = core.app.global::<Choose>();
    choose.on_group_picked(with_arg(core, |core, at: i32| {
        core.choosing.borrow_mut().group = usize::try_from(at).unwrap_or(0);
        again(core);
    }));
    choose.on_ask_pressed(with(core, |core| {
        let Some(view) = core.view() else { return };
        if let Body::Choose { ask, .. } = &view.body {
            press(core, ask.as_ref());
        }
    }));
    choose.on_search_pressed(with(core, |core| {
        {
            let mut choosing = core.choosing.borrow_mut();
            choosing.searching = !choosing.searching;
            choosing.query.clear();
        }
        again(core);
        core.close_guard();
    }));
    choose.on_picked(with_arg(core, |core, at: i32| {
        let Some(view) = core.view() else { return };
        let id = usize::try_from(at).ok().and_then(|at| shown(core, &view).get(at).map(|tile| tile.id.clone()));
        if let Some(id) = id {
            core.send(Intent::Toggle(id));
        }
    }));
}

fn again(core: &Core) {
    if let Some(view) = core.view() {
        show(core, &view);
    }
}

/// A key of the keyboard, while a search is open.
pub(crate) fn key(core: &Core, code: &str) {
    let Some(view) = core.view() else { return };
    {
        let mut choosing = core.choosing.borrow_mut();
        let letters = choosing.letters(view.settings.language);
        match code {
            "delete" => {
                choosing.query.pop();
            }
            "clear" => choosing.query.clear(),
            "space" => choosing.query.push(' '),
            "kana" => choosing.letters = Some(Letters::Hiragana),
            "latin" => choosing.letters = Some(Letters::Latin { capitals: false }),
            "case" => {
                choosing.letters = Some(Letters::Latin { capitals: letters == Letters::Latin { capitals: false } })
            }
            "゛" | "゜" | "small" => {
                if let Some(turned) = choosing.query.chars().last().and_then(|last| keys::marked(last, code)) {
                    choosing.query.pop();
                    choosing.query.push(turned);
                }
            }
            _ if choosing.query.chars().count() < 20 => choosing.query.push_str(code),
            _ => {}
        }
    }
    show(core, &view);
}

pub(crate) fn captions(view: &View) -> Captions {
    Captions {
        delete: view.captions.delete.clone(),
        clear: view.captions.clear.clone(),
        space: view.captions.space.clone(),
        convert: view.captions.convert.clone(),
        ok: view.captions.ok.clone(),
    }
}

pub(crate) fn show(core: &Core, view: &View) {
    let furigana = view.settings.furigana;
    let say = |text: &str| phrase(text, furigana);
    let pad = core.app.global::<Pad>();
    pad.set_clear(say(&view.captions.clear));
    pad.set_delete(say(&view.captions.delete));
    let tile = |tile: &ServiceTile| ui::ServiceTile {
        title: say(&tile.title),
        detail: say(&tile.detail),
        icon: icon(core, &tile.category),
        chosen: tile.chosen,
    };
    match &view.body {
        Body::Home { begin, ask, often, tiles, promises, setup, .. } => {
            let home = core.app.global::<Home>();
            let label = |button: &Option<Button>| button.as_ref().map_or_else(Default::default, |b| say(&b.label));
            home.set_begin(label(begin));
            home.set_begin_shown(begin.is_some());
            home.set_setup_shown(setup.is_some());
            if let Some((text, begin)) = setup {
                home.set_setup_notice(say(text));
                home.set_setup(say(&begin.label));
            }
            home.set_ask(label(ask));
            home.set_ask_shown(ask.is_some());
            home.set_ask_enabled(ask.as_ref().is_some_and(|ask| ask.enabled));
            let often = often.iter().map(|(icon, button)| ui::ServiceTile {
                title: say(&button.label),
                icon: icon.as_str().into(),
                ..Default::default()
            });
            // A site has services, or questions.
            home.set_tiles(model(tiles.iter().take(4).map(tile).chain(often.take(6))));
            home.set_promises(model(promises.iter().map(|promise| say(promise))));
        }
        Body::Choose { categories, chosen, ask, .. } => {
            let choose = core.app.global::<Choose>();
            choose.set_ask_shown(ask.is_some());
            choose.set_ask(ask.as_ref().map_or_else(Default::default, |ask| say(&ask.label)));
            let groups = chips(view).into_iter().map(|chip| match chip {
                Chip::MostUsed => Group { label: say(&view.captions.most_used), icon: "star".into() },
                Chip::All => Group { label: say(&view.captions.all), icon: "all".into() },
                Chip::Category(id) => {
                    let label =
                        categories.iter().find(|(category, _)| category.id == id).map_or("", |(_, label)| label);
                    Group { label: say(label), icon: icon(core, &id) }
                }
            });
            choose.set_groups(model(groups));
            choose.set_tiles(model(shown(core, view).into_iter().map(tile)));
            choose.set_chosen(say(chosen));
            choose.set_search(say(&view.captions.search));
            choose.set_nothing(say(&view.captions.nothing_found));
            choose.set_close(say(terms::close(view.settings.language)));
            let choosing = core.choosing.borrow();
            choose.set_group_now(i32::try_from(choosing.group).unwrap_or(0));
            choose.set_searching(choosing.searching);
            choose.set_query(choosing.query.as_str().into());
            if choosing.searching {
                let language = view.settings.language;
                let letters = choosing.letters(language);
                core.app.global::<Keyboard>().set_rows(keys::rows(letters, Use::Search, &captions(view), language));
            }
        }
        _ => {}
    }
}
