//! The form port: a thread that fills what a visit ordered.

use crate::fill::{FillError, Filling};
use crate::form::Form;
use domain::Personal;
use domain::form::{FillJob, FillRefusal, FilledForm, FilledPdf, FormEvent, FormId};
use std::collections::BTreeMap;
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

/// The port's handle. Dropping it ends the thread.
pub struct Handle {
    jobs: Option<Sender<FillJob>>,
    thread: Option<JoinHandle<()>>,
}

impl Handle {
    /// Orders forms; the answer comes as an event.
    pub fn send(&self, job: FillJob) {
        if let Some(jobs) = &self.jobs {
            // The thread lives as long as the handle.
            let _ = jobs.send(job);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Starts the port with the forms that it may fill.
///
/// # Errors
/// When no thread can be started.
pub fn spawn(forms: BTreeMap<FormId, Form>, emit: impl Fn(FormEvent) + Send + 'static) -> std::io::Result<Handle> {
    let (jobs, receiver) = mpsc::channel::<FillJob>();
    let thread = std::thread::Builder::new().name("forms".into()).spawn(move || {
        for job in receiver {
            emit(answer(&forms, &job));
        }
    })?;
    Ok(Handle { jobs: Some(jobs), thread: Some(thread) })
}

fn answer(forms: &BTreeMap<FormId, Form>, job: &FillJob) -> FormEvent {
    let filling = Filling::of(&job.values);
    let mut filled = Vec::new();
    for id in &job.forms {
        match fill_one(forms.get(id), &filling) {
            Ok((pdf, pages)) => filled.push(FilledForm {
                visit: job.visit,
                tag: job.tag,
                form: id.clone(),
                pdf: Personal::new(FilledPdf(pdf)),
                pages,
            }),
            Err(why) => return FormEvent::Refused { request: job.request, form: id.clone(), why },
        }
    }
    FormEvent::Filled { request: job.request, forms: filled }
}

fn fill_one(form: Option<&Form>, filling: &Filling) -> Result<(Vec<u8>, u16), FillRefusal> {
    let form = form.ok_or(FillRefusal::BrokenForm)?;
    let pages = u16::try_from(form.page_count()).unwrap_or(u16::MAX);
    match form.fill(filling) {
        Ok(pdf) => Ok((pdf, pages)),
        Err(FillError::Missing(ids)) => Err(FillRefusal::Missing(ids)),
        // What was entered is asked for again; the screens have judged it already, so that this hardly happens.
        Err(FillError::Invalid(id) | FillError::NotADate(id) | FillError::IndividualNumber(id)) => {
            Err(FillRefusal::Missing(vec![id]))
        }
        Err(FillError::Undrawable(id)) => Err(FillRefusal::Undrawable(id)),
        Err(FillError::DoesNotFit(id) | FillError::WrongEra(id)) => Err(FillRefusal::DoesNotFit(id)),
        Err(FillError::Font(_) | FillError::Pdf) => Err(FillRefusal::BrokenForm),
    }
}
