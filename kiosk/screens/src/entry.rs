//! Entering one value: text with conversion, kana, numbers, dates by era, choices. Holds what was typed until it is sent.

use crate::keys::{self, Letters, Use};
use crate::phrase::phrase;
use crate::shell::{model, with_arg};
use crate::ui::{self, Choice, DatePart, EntryKind, Keyboard, Pad, Phrase};
use crate::{Core, choosing, setting_up, terms};
use domain::form::{AnswerKind, InputFault, judge};
use domain::wareki::{Era, Wareki};
use domain::{Date, Language};
use slint::{ComponentHandle, ModelRc, SharedString};
use std::rc::Rc;
use unicode_segmentation::UnicodeSegmentation;
use visit::view::{Editor, View};
use zeroize::{Zeroize, Zeroizing};

/// What is typed so far.
pub(crate) struct Entry {
    editor: Option<Editor>,
    /// The text or the digits.
    text: Zeroizing<String>,
    /// Where the next character goes, in bytes.
    caret: usize,
    /// Hiragana that wait for conversion; they stand at the caret.
    reading: Zeroizing<String>,
    candidates: Vec<Zeroizing<String>>,
    pick: Option<usize>,
    letters: Letters,
    /// `None` is the western calendar.
    era: Option<Era>,
    /// Year, month, day.
    parts: [Zeroizing<String>; 3],
    part: usize,
    taken: Vec<String>,
    fault: Option<InputFault>,
}

impl Default for Entry {
    fn default() -> Self {
        let room = |bytes| Zeroizing::new(String::with_capacity(bytes));
        Self {
            editor: None,
            // Room from the start: a string that grows leaves copies behind.
            text: room(1024),
            caret: 0,
            reading: room(512),
            candidates: Vec::new(),
            pick: None,
            letters: Letters::Hiragana,
            era: None,
            parts: [room(8), room(8), room(8)],
            part: 0,
            taken: Vec::new(),
            fault: None,
        }
    }
}

/// Most characters that wait for conversion at once.
const READING_MAX: usize = 40;

impl Entry {
    /// Overwrites everything.
    pub(crate) fn clear(&mut self) {
        self.text.zeroize();
        self.reading.zeroize();
        self.parts.iter_mut().for_each(|part| part.zeroize());
        self.taken.iter_mut().for_each(|id| id.zeroize());
        *self = Self::default();
    }

    /// Begins with this value.
    pub(crate) fn open(&mut self, editor: &Editor, value: &str, language: Language) {
        self.clear();
        self.letters = match (&editor.kind, language) {
            (AnswerKind::Kana { .. }, _) => Letters::Katakana,
            (_, Language::Ja) => Letters::Hiragana,
            _ => Letters::Latin { capitals: true },
        };
        match &editor.kind {
            AnswerKind::Date { past, future } => {
                self.era = match (language, past, future) {
                    (Language::Ja, true, false) => Some(Era::Showa),
                    (Language::Ja, ..) => Some(Era::Reiwa),
                    _ => None,
                };
                if let Ok(date) = value.parse::<Date>() {
                    let wareki = Wareki::from_date(date).filter(|w| language == Language::Ja && w.era != Era::Meiji);
                    self.era = wareki.map(|wareki| wareki.era);
                    let year = wareki.map_or(date.year(), |wareki| wareki.year);
                    let numbers = [year, i16::from(date.month()), i16::from(date.day())];
                    self.parts = numbers.map(|number| Zeroizing::new(number.to_string()));
                }
            }
            AnswerKind::One { .. } | AnswerKind::Many { .. } => {
                self.taken = value.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect();
            }
            _ => self.text.push_str(value),
        }
        self.caret = self.text.len();
        self.editor = Some(editor.clone());
    }

    /// The same question in other words (another language).
    pub(crate) fn relabel(&mut self, editor: &Editor) {
        if self.editor.as_ref() != Some(editor) {
            self.editor = Some(editor.clone());
        }
    }

    /// What stands in the field now.
    pub(crate) fn value(&self) -> Zeroizing<String> {
        let kind = self.editor.as_ref().map(|editor| &editor.kind);
        Zeroizing::new(match kind {
            Some(AnswerKind::Date { .. }) if self.parts.iter().all(|part| part.is_empty()) => String::new(),
            Some(AnswerKind::Date { .. }) => match self.date() {
                Some(date) => date.to_string(),
                None => self.parts.iter().map(|part| part.as_str()).collect::<Vec<_>>().join("-"),
            },
            Some(AnswerKind::One { choices } | AnswerKind::Many { choices, .. }) => {
                // In the order of the question, whatever the order of the taps.
                let ids = choices.iter().map(|choice| choice.id.as_str());
                ids.filter(|id| self.taken.iter().any(|taken| taken == id)).collect::<Vec<_>>().join(",")
            }
            _ => {
                format!("{}{}{}", &self.text[..self.caret], self.composed(), &self.text[self.caret..]).trim().to_owned()
            }
        })
    }

    /// The ids of the choices taken.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.taken.clone()
    }

    /// Judges the value; a fault is shown until the next key.
    pub(crate) fn judged(&mut self, today: Date) -> Result<Zeroizing<String>, InputFault> {
        let value = self.value();
        let Some(editor) = &self.editor else { return Err(InputFault::Missing) };
        self.fault = judge(&editor.kind, editor.optional, &value, today);
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(value),
        }
    }

    /// The waiting hiragana, or the candidate chosen for them.
    fn composed(&self) -> &str {
        match self.pick.and_then(|pick| self.candidates.get(pick)) {
            Some(candidate) => candidate,
            None => &self.reading,
        }
    }

    fn commit(&mut self) {
        let composed = Zeroizing::new(self.composed().to_owned());
        self.text.insert_str(self.caret, &composed);
        self.caret += composed.len();
        self.reading.zeroize();
        self.candidates.clear();
        self.pick = None;
    }

    fn insert(&mut self, text: &str) {
        self.commit();
        if self.text.graphemes(true).count() < 200 {
            self.text.insert_str(self.caret, text);
            self.caret += text.len();
        }
    }

    fn before_caret(&self) -> Option<&str> {
        self.text[..self.caret].graphemes(true).next_back()
    }

    fn key(&mut self, code: &str, candidates: &dyn Fn(&str) -> Vec<String>) {
        self.fault = None;
        let kana = matches!(self.editor.as_ref().map(|editor| &editor.kind), Some(AnswerKind::Kana { .. }));
        match code {
            "delete" if self.pick.is_some() => self.pick = None,
            "delete" if !self.reading.is_empty() => {
                self.reading.pop();
            }
            "delete" => {
                let length = self.before_caret().map_or(0, str::len);
                self.text.replace_range(self.caret - length..self.caret, "");
                self.caret -= length;
            }
            "clear" => {
                self.text.zeroize();
                self.reading.zeroize();
                self.caret = 0;
                self.pick = None;
            }
            "left" => {
                self.commit();
                self.caret -= self.before_caret().map_or(0, str::len);
            }
            "right" => {
                self.commit();
                self.caret += self.text[self.caret..].graphemes(true).next().map_or(0, str::len);
            }
            "ok" => self.commit(),
            "space" => self.insert("\u{3000}"),
            "kana" => self.letters = Letters::Hiragana,
            "latin" => self.letters = Letters::Latin { capitals: true },
            "numbers" => self.letters = Letters::Numbers,
            "case" => self.letters = Letters::Latin { capitals: self.letters == Letters::Latin { capitals: false } },
            "convert" => {
                let count = self.candidates.len();
                if count > 0 {
                    self.pick = Some(self.pick.map_or(0, |pick| (pick + 1) % count));
                }
                return;
            }
            "゛" | "゜" | "small" if kana => {
                let turned =
                    self.text[..self.caret].chars().last().and_then(|last| Some((last, keys::marked(last, code)?)));
                if let Some((last, turned)) = turned {
                    self.text.replace_range(self.caret - last.len_utf8()..self.caret, turned.encode_utf8(&mut [0; 4]));
                }
            }
            "゛" | "゜" | "small" => {
                if let Some(turned) = self.reading.chars().last().and_then(|last| keys::marked(last, code)) {
                    self.reading.pop();
                    self.reading.push(turned);
                }
            }
            letter if kana => self.insert(letter),
            letter if self.letters == Letters::Hiragana && letter != "・" => {
                if self.pick.is_some() {
                    self.commit();
                }
                if self.reading.chars().count() < READING_MAX {
                    self.reading.push_str(letter);
                }
            }
            // Forms and the register write Latin letters and digits in full width.
            letter => {
                let wide: String = letter.chars().map(keys::full_width).collect();
                self.insert(&wide);
            }
        }
        self.candidates = if self.reading.is_empty() {
            Vec::new()
        } else {
            let katakana: String = self.reading.chars().map(keys::katakana).collect();
            let mut all: Vec<Zeroizing<String>> = candidates(&self.reading).into_iter().map(Zeroizing::new).collect();
            for plain in [self.reading.to_string(), katakana] {
                if !all.iter().any(|known| known.as_str() == plain) {
                    all.push(Zeroizing::new(plain));
                }
            }
            all.truncate(24);
            all
        };
    }

    fn pad(&mut self, code: &str) {
        self.fault = None;
        let most = match self.editor.as_ref().map(|editor| &editor.kind) {
            Some(AnswerKind::Date { .. }) => return self.date_pad(code),
            Some(AnswerKind::Phone) => 11,
            Some(AnswerKind::Postcode) => 7,
            Some(AnswerKind::Digits { max, .. }) => (*max).min(30),
            _ => return,
        };
        match code {
            "delete" => drop(self.text.pop()),
            "clear" => self.text.zeroize(),
            digit if self.text.len() < most => self.text.push_str(digit),
            _ => {}
        }
        self.caret = self.text.len();
    }

    fn date_pad(&mut self, code: &str) {
        let at = self.part;
        match code {
            "delete" if self.parts[at].is_empty() => {
                self.part = at.saturating_sub(1);
                self.parts[self.part].pop();
            }
            "delete" => drop(self.parts[at].pop()),
            "clear" => {
                self.parts.iter_mut().for_each(|part| part.zeroize());
                self.part = 0;
            }
            digit => {
                let most = if at == 0 && self.era.is_none() { 4 } else { 2 };
                if self.parts[at].len() >= most {
                    self.parts[at].zeroize();
                }
                self.parts[at].push_str(digit);
                // A month that begins with 2 to 9 is whole.
                let whole = self.parts[at].len() == most || (at == 1 && digit > "1");
                if whole && at < 2 {
                    self.part += 1;
                }
            }
        }
    }

    fn date(&self) -> Option<Date> {
        let year: i16 = self.parts[0].parse().ok()?;
        let month: i8 = self.parts[1].parse().ok()?;
        let day: i8 = self.parts[2].parse().ok()?;
        match self.era {
            Some(era) => era.date(year, month, day),
            None => Date::new(year, month, day).ok(),
        }
    }

    /// The eras to choose from; `None` is the western calendar.
    fn eras(&self) -> Vec<Option<Era>> {
        match self.editor.as_ref().map(|editor| &editor.kind) {
            Some(AnswerKind::Date { past: false, .. }) => vec![Some(Era::Reiwa), None],
            _ => vec![Some(Era::Reiwa), Some(Era::Heisei), Some(Era::Showa), Some(Era::Taisho), None],
        }
    }

    /// What the field shows before and after its caret.
    fn shown(&self) -> (Zeroizing<String>, Zeroizing<String>) {
        let before = match self.editor.as_ref().map(|editor| &editor.kind) {
            Some(AnswerKind::Phone) => phone(&self.text),
            Some(AnswerKind::Postcode) => match self.text.split_at_checked(3) {
                Some((area, rest)) => format!("〒{area}-{rest}"),
                None => format!("〒{}", *self.text),
            },
            _ => format!("{}{}", &self.text[..self.caret], self.composed()),
        };
        let whole =
            matches!(self.editor.as_ref().map(|editor| &editor.kind), Some(AnswerKind::Phone | AnswerKind::Postcode));
        let after = if whole { String::new() } else { self.text[self.caret..].to_owned() };
        (Zeroizing::new(before), Zeroizing::new(after))
    }
}

/// Mobile and IP numbers in their groups; how a line's number is grouped depends on the place.
fn phone(digits: &str) -> String {
    match digits {
        _ if digits.len() > 3 && matches!(digits.get(..3), Some("050" | "060" | "070" | "080" | "090" | "020")) => {
            let (head, rest) = digits.split_at(3);
            match rest.split_at_checked(4) {
                Some((middle, tail)) if !tail.is_empty() => format!("{head}-{middle}-{tail}"),
                _ => format!("{head}-{rest}"),
            }
        }
        _ => digits.to_owned(),
    }
}

fn era_name(era: Option<Era>, language: Language) -> &'static str {
    match era {
        Some(Era::Reiwa) => terms::reiwa(language),
        Some(Era::Heisei) => terms::heisei(language),
        Some(Era::Showa) => terms::showa(language),
        Some(Era::Taisho) => terms::taisho(language),
        Some(Era::Meiji) => Era::Meiji.name(),
        None => terms::western(language),
    }
}

/// A date as it is read back to the person.
fn date_text(date: Date, language: Language) -> String {
    let western = match language {
        Language::En => date.strftime("%-d %B %Y").to_string(),
        Language::Ko => format!("{}년 {}월 {}일", date.year(), date.month(), date.day()),
        _ => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
    };
    match (language, Wareki::from_date(date)) {
        (Language::Ja, Some(wareki)) => format!("{}（{}年）", wareki.text(), date.year()),
        _ => western,
    }
}

pub(crate) fn wire(core: &Rc<Core>) {
    core.app.global::<Keyboard>().on_pressed(with_arg(core, |core, code: SharedString| {
        if core.choosing.borrow().searching() {
            return choosing::key(core, &code);
        }
        if setting_up::key(core, &code) {
            return;
        }
        let candidates = Rc::clone(&core.options.candidates);
        core.entry.borrow_mut().key(&code, &*candidates);
        publish(core);
    }));
    let entry = core.app.global::<ui::Entry>();
    entry.on_candidate_picked(with_arg(core, |core, at: i32| {
        {
            let mut entry = core.entry.borrow_mut();
            entry.pick = usize::try_from(at).ok().filter(|at| *at < entry.candidates.len());
            entry.commit();
        }
        publish(core);
    }));
    entry.on_era_picked(with_arg(core, |core, at: i32| {
        {
            let mut entry = core.entry.borrow_mut();
            entry.fault = None;
            if let Some(era) = usize::try_from(at).ok().and_then(|at| entry.eras().get(at).copied()) {
                entry.era = era;
            }
        }
        publish(core);
    }));
    entry.on_date_part_picked(with_arg(core, |core, at: i32| {
        core.entry.borrow_mut().part = usize::try_from(at).unwrap_or(0).min(2);
        publish(core);
    }));
    entry.on_choice_picked(with_arg(core, |core, at: i32| {
        {
            let mut entry = core.entry.borrow_mut();
            entry.fault = None;
            let Some(editor) = &entry.editor else { return };
            let several = matches!(editor.kind, AnswerKind::Many { .. });
            let id = usize::try_from(at).ok().and_then(|at| editor.choices.get(at)).map(|(id, _)| id.clone());
            let Some(id) = id else { return };
            match entry.taken.iter().position(|taken| *taken == id) {
                Some(at) if several => drop(entry.taken.remove(at)),
                Some(_) => {}
                None if several => entry.taken.push(id),
                None => entry.taken = vec![id],
            }
        }
        publish(core);
    }));
}

/// A key of the number pad.
pub(crate) fn pad(core: &Core, code: &str) {
    core.entry.borrow_mut().pad(code);
    publish(core);
}

/// Shows what was entered, in the words of the view.
pub(crate) fn publish(core: &Core) {
    let global = core.app.global::<ui::Entry>();
    let state = core.entry.borrow();
    let (before, after) = state.shown();
    global.set_before(before.as_str().into());
    global.set_after(after.as_str().into());
    global.set_candidates(model(state.candidates.iter().map(|candidate| SharedString::from(candidate.as_str()))));
    global.set_candidate_now(state.pick.and_then(|pick| i32::try_from(pick).ok()).unwrap_or(-1));
    global.set_candidates_shown(!state.candidates.is_empty());
    let view = core.view();
    let (Some(editor), Some(view)) = (&state.editor, &view) else {
        global.set_choices(ModelRc::default());
        global.set_date_parts(ModelRc::default());
        global.set_date_text(SharedString::default());
        global.set_fault_shown(false);
        global.set_fault(Phrase::default());
        global.set_label(SharedString::default());
        return;
    };
    publish_for(core, view, editor, &state);
}

fn publish_for(core: &Core, view: &View, editor: &Editor, state: &Entry) {
    let global = core.app.global::<ui::Entry>();
    let language = view.settings.language;
    let say = |text: &str| phrase(text, view.settings.furigana);
    let fault = state.fault.and_then(|fault| editor.faults.iter().find(|(known, _)| *known == fault));
    global.set_fault_shown(fault.is_some());
    global.set_fault(say(fault.map_or("", |(_, words)| words)));
    global.set_optional_shown(editor.optional);
    global.set_optional(say(&view.captions.optional));
    let keyboard = |used| {
        core.app.global::<Keyboard>().set_rows(keys::rows(state.letters, used, &choosing::captions(view), language))
    };
    let pad = core.app.global::<Pad>();
    pad.set_clear(say(&view.captions.clear));
    pad.set_delete(say(&view.captions.delete));
    match &editor.kind {
        AnswerKind::Text { .. } => {
            global.set_kind(EntryKind::Text);
            keyboard(Use::Text);
        }
        AnswerKind::Kana { .. } => {
            global.set_kind(EntryKind::Text);
            keyboard(Use::Kana);
        }
        AnswerKind::Phone | AnswerKind::Postcode | AnswerKind::Digits { .. } => global.set_kind(EntryKind::Number),
        AnswerKind::Date { .. } => {
            global.set_kind(EntryKind::Date);
            let eras = state.eras();
            global.set_eras(model(eras.iter().map(|era| SharedString::from(era_name(*era, language)))));
            let now = eras.iter().position(|era| *era == state.era);
            global.set_era_now(now.and_then(|now| i32::try_from(now).ok()).unwrap_or(-1));
            let labels = [&view.captions.year, &view.captions.month, &view.captions.day];
            global.set_date_parts(model(labels.into_iter().enumerate().map(|(i, label)| DatePart {
                label: say(label),
                digits: state.parts[i].as_str().into(),
                active: i == state.part,
            })));
            global.set_date_text(state.date().map(|date| date_text(date, language)).unwrap_or_default().into());
        }
        AnswerKind::One { .. } | AnswerKind::Many { .. } => {
            global.set_kind(EntryKind::Choice);
            global.set_several(matches!(editor.kind, AnswerKind::Many { .. }));
            global.set_choices(model(
                editor.choices.iter().map(|(id, label)| Choice { label: say(label), taken: state.taken.contains(id) }),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn editor(kind: AnswerKind) -> Editor {
        Editor { kind, choices: Vec::new(), optional: false, faults: Vec::new() }
    }

    fn typed(kind: AnswerKind, keys: &[&str]) -> Entry {
        let mut entry = Entry::default();
        entry.open(&editor(kind), "", Language::Ja);
        let candidates =
            |kana: &str| if kana == "はなこ" { vec!["花子".to_owned(), "華子".to_owned()] } else { vec![] };
        keys.iter().for_each(|key| entry.key(key, &candidates));
        entry
    }

    #[test]
    fn kana_become_kanji_by_conversion() {
        let entry = typed(AnswerKind::Text { max: 20 }, &["は", "な", "こ", "convert", "convert"]);
        assert_eq!(*entry.value(), "華子");
        let entry = typed(AnswerKind::Text { max: 20 }, &["は", "な", "こ", "convert", "space", "は", "゛", "゜"]);
        assert_eq!(*entry.value(), "花子\u{3000}ぱ");
    }

    #[test]
    fn the_caret_moves_by_what_people_call_characters() {
        let mut entry = Entry::default();
        entry.open(&editor(AnswerKind::Text { max: 20 }), "葛\u{e0102}飾区", Language::Ja);
        let none = |_: &str| vec![];
        for key in ["left", "left", "delete", "numbers", "1"] {
            entry.key(key, &none);
        }
        assert_eq!(*entry.value(), "１飾区");
    }

    #[test]
    fn a_date_is_entered_by_era_and_moves_on_by_itself() {
        let mut entry = Entry::default();
        entry.open(&editor(AnswerKind::Date { past: true, future: false }), "", Language::Ja);
        "55229".chars().for_each(|digit| entry.pad(&digit.to_string()));
        assert_eq!(*entry.value(), "1980-02-29");
        entry.pad("delete");
        entry.pad("delete");
        entry.pad("delete");
        entry.pad("1");
        assert_eq!(*entry.value(), "55-1-");
        assert_eq!(entry.judged(Date::constant(2026, 11, 24)), Err(InputFault::NoSuchDate));
    }

    #[test]
    fn a_date_that_is_there_opens_in_its_era() {
        let mut entry = Entry::default();
        entry.open(&editor(AnswerKind::Date { past: true, future: false }), "2019-05-01", Language::Ja);
        assert_eq!((entry.era, entry.parts[0].as_str()), (Some(Era::Reiwa), "1"));
        entry.open(&editor(AnswerKind::Date { past: true, future: false }), "2019-05-01", Language::En);
        assert_eq!((entry.era, entry.parts[0].as_str()), (None, "2019"));
    }

    #[test]
    fn telephone_numbers_show_their_groups() {
        assert_eq!(phone("09000001234"), "090-0000-1234");
        assert_eq!(phone("0900"), "090-0");
        assert_eq!(phone("0312345678"), "0312345678");
    }

    proptest::proptest! {
        #[test]
        fn no_row_of_keys_panics(codes in proptest::collection::vec(proptest::sample::select(vec![
            "あ", "か", "゛", "small", "delete", "clear", "left", "right", "space", "convert", "latin", "A", "case", "numbers", "1", "丁目", "kana",
        ]), 0..60)) {
            for kind in [AnswerKind::Text { max: 20 }, AnswerKind::Kana { max: 20 }] {
                let entry = typed(kind, &codes);
                proptest::prop_assert!(entry.text.is_char_boundary(entry.caret));
            }
        }
    }
}
