//! The four facts and the questions: an editor's value is judged here, at the edge, and only sound values are sent.

use crate::phrase::phrase;
use crate::shell::{self, model, with_arg};
use crate::ui::{self, Confirm, Phrase};
use crate::{Core, entry, terms};
use domain::Personal;
use domain::form::{Answer, InputFault};
use domain::ruby;
use slint::{ComponentHandle, ModelRc};
use std::rc::Rc;
use visit::view::{Body, FactRow, View};
use visit::{Fact, Intent};

pub(crate) fn wire(core: &Rc<Core>) {
    core.app.global::<Confirm>().on_picked(with_arg(core, |core, at: i32| {
        let Some(view) = core.view() else { return };
        if let Body::Confirm { rows, .. } = &view.body
            && let Some(row) = usize::try_from(at).ok().and_then(|at| rows.get(at))
        {
            core.editing.set(Some(row.fact));
            core.entry.borrow_mut().open(&row.editor, row.raw.reveal(), view.settings.language);
            show(core, &view, false);
            shell::refresh(core);
            core.close_guard();
        }
    }));
}

/// The fact whose editor is open.
pub(crate) fn edited<'a>(core: &Core, view: &'a View) -> Option<&'a FactRow> {
    let fact = core.editing.get()?;
    match &view.body {
        Body::Confirm { rows, .. } => rows.iter().find(|row| row.fact == fact),
        _ => None,
    }
}

/// Closes the editor of a fact.
pub(crate) fn close(core: &Core) {
    core.editing.set(None);
    core.entry.borrow_mut().clear();
    entry::publish(core);
    shell::refresh(core);
    core.close_guard();
}

/// Sends the correction of the fact that is being edited, if it is sound.
pub(crate) fn correct(core: &Core, view: &View) {
    let Some(fact) = edited(core, view).map(|row| row.fact) else { return };
    let judged = core.entry.borrow_mut().judged(core.options.today);
    match judged {
        Err(_) => entry::publish(core),
        Ok(value) => {
            close(core);
            let value = Personal::new(value.as_str().to_owned());
            core.send(Intent::Correct(fact, Answer { value, fault: None, opens: Vec::new() }));
        }
    }
}

/// Sends the answer to the question, if it is sound.
pub(crate) fn answer(core: &Core, view: &View) {
    let Body::Ask { question, editor, value: known, decides, .. } = &view.body else { return };
    let judged = core.entry.borrow_mut().judged(core.options.today);
    let value = match judged {
        Ok(value) => value,
        Err(_) => return entry::publish(core),
    };
    // What was answered before and is empty now must be taken back; what never was is passed over.
    let nothing_known = known.as_ref().is_none_or(|known| known.reveal().is_empty());
    if value.is_empty() && editor.optional && nothing_known {
        return core.send(Intent::Next);
    }
    let opens = if *decides { core.entry.borrow().taken() } else { Vec::new() };
    let value = Personal::new(value.as_str().to_owned());
    core.send(Intent::Answer(question.clone(), Answer { value, fault: None, opens }));
}

pub(crate) fn show(core: &Core, view: &View, moved: bool) {
    let language = view.settings.language;
    let say = |text: &str| phrase(text, view.settings.furigana);
    let global = core.app.global::<ui::Entry>();
    match &view.body {
        Body::Ask { label, help, editor, value, .. } => {
            {
                let mut entry = core.entry.borrow_mut();
                if moved {
                    let value = value.as_ref().map_or("", |value| value.reveal().as_str());
                    entry.open(editor, value, language);
                } else {
                    entry.relabel(editor);
                }
            }
            global.set_label(ruby::plain(label).into());
            global.set_help(say(help.as_deref().unwrap_or_default()));
            entry::publish(core);
        }
        Body::Confirm { rows, provenance, genuine } => {
            if let Some(row) = edited(core, view) {
                core.entry.borrow_mut().relabel(&row.editor);
                global.set_label(ruby::plain(&row.label).into());
                global.set_help(Phrase::default());
                entry::publish(core);
            }
            let confirm = core.app.global::<Confirm>();
            let change = ruby::plain(&view.captions.change);
            confirm.set_facts(model(rows.iter().map(|row| ui::Fact {
                label: say(&row.label),
                value: ruby::plain(row.shown.reveal()).into(),
                // A name from the register keeps its Japanese shapes; a translated word does not.
                japanese: matches!(row.fact, Fact::Name | Fact::Address),
                change: say(&view.captions.change),
                says: format!("{} {change}", ruby::plain(&row.label)).into(),
                corrected: row.corrected,
                missing: row.missing,
            })));
            let missing = rows.first().and_then(|row| {
                row.editor.faults.iter().find(|(fault, _)| *fault == InputFault::Missing).map(|(_, words)| words)
            });
            confirm.set_missing(say(missing.map_or("", |words| words)));
            confirm.set_corrected(say(terms::by_hand(language)));
            confirm.set_provenance(say(provenance));
            confirm.set_genuine(*genuine);
        }
        _ => {}
    }
}

pub(crate) fn forget(core: &Core) {
    let confirm = core.app.global::<Confirm>();
    confirm.set_facts(ModelRc::default());
    confirm.set_provenance(Phrase::default());
    core.app.global::<ui::Entry>().set_help(Phrase::default());
}
