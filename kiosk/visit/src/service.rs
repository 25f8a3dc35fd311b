//! The catalogue of services: what a resident may choose, as the site pack lists it.

use domain::Localized;
use domain::form::{FormId, Question};
use domain::voice::AnswerId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A service's name in the pack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServiceId(pub String);

/// A group of services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Its name in the pack.
    pub id: String,
    /// What it says.
    pub label: Localized,
    /// A pictogram's name.
    pub icon: String,
}

/// A service that a resident may choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its name in the pack.
    pub id: ServiceId,
    /// What it says, with furigana.
    pub title: Localized,
    /// Its reading in hiragana, for search.
    pub reading: String,
    /// Other words people use for it, in kana and kanji.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Its category's id.
    pub category: String,
    /// Rank among the most used, from 1.
    #[serde(default)]
    pub most_used: Option<u32>,
    /// Minutes that it takes here.
    pub minutes: u32,
    /// Where to take the papers.
    pub desk: Localized,
    /// What to bring to the desk.
    #[serde(default)]
    pub what_to_bring: Vec<Localized>,
    /// The forms that it needs.
    pub forms: Vec<FormId>,
    /// What it costs, in words.
    #[serde(default)]
    pub fee: Option<Localized>,
}

/// What the core needs to know of a form: its title and what it asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormOutline {
    /// Its title.
    pub title: Localized,
    /// What it asks, in order.
    pub questions: Vec<Question>,
    /// Whether it must be signed.
    pub signature: bool,
}

/// A question that is often asked of the guide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OftenAsked {
    /// What it leads to.
    pub id: AnswerId,
    /// What it says.
    pub label: Localized,
    /// A pictogram's name.
    pub icon: String,
}

/// Everything that may be chosen here, and the forms behind it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Catalogue {
    /// The site's name.
    pub site: Localized,
    /// Groups, in the order shown.
    pub categories: Vec<Category>,
    /// Services, in the order shown.
    pub services: Vec<Service>,
    /// Forms by id.
    pub forms: BTreeMap<FormId, FormOutline>,
    /// Text of the queue QR; `{forms}` and `{visit}` are replaced.
    #[serde(default)]
    pub queue_qr: Option<String>,
    /// What is offered to be asked of the guide with one touch.
    #[serde(default)]
    pub often_asked: Vec<OftenAsked>,
}

/// Katakana as hiragana, full-width Latin as ASCII lower case: what search compares.
fn fold(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            'ァ'..='ヶ' => char::from_u32(c as u32 - 0x60).unwrap_or(c),
            '！'..='～' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            _ => c,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

impl Catalogue {
    /// A service by its id.
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.services.iter().find(|service| service.id == *id)
    }

    /// The services that match a search by reading, title in any language, or keyword; those whose reading begins
    /// with the query first. An empty query matches all.
    pub fn search(&self, query: &str) -> Vec<&Service> {
        let query = fold(query);
        let mut hits: Vec<(u8, &Service)> = self
            .services
            .iter()
            .filter_map(|service| {
                let titles = [
                    Some(&service.title.ja),
                    service.title.en.as_ref(),
                    service.title.zh_hans.as_ref(),
                    service.title.ko.as_ref(),
                ];
                let titles = titles.into_iter().flatten().map(|title| fold(&domain::ruby::plain(title)));
                let rank = if fold(&service.reading).starts_with(&query) {
                    0
                } else if service.keywords.iter().any(|word| fold(word).starts_with(&query)) {
                    1
                } else if fold(&service.reading).contains(&query)
                    || titles.into_iter().any(|title| title.contains(&query))
                    || service.keywords.iter().any(|word| fold(word).contains(&query))
                {
                    2
                } else {
                    return None;
                };
                Some((rank, service))
            })
            .collect();
        hits.sort_by_key(|(rank, _)| *rank);
        hits.into_iter().map(|(_, service)| service).collect()
    }

    /// The forms of these services, each once, in the order of the services.
    pub fn forms_of(&self, services: &[ServiceId]) -> Vec<FormId> {
        let mut forms: Vec<FormId> = Vec::new();
        for form in services.iter().filter_map(|id| self.service(id)).flat_map(|service| &service.forms) {
            if !forms.contains(form) {
                forms.push(form.clone());
            }
        }
        forms
    }

    /// The questions of these forms, each id once.
    pub fn questions_of(&self, forms: &[FormId]) -> Vec<&Question> {
        let mut questions: Vec<&Question> = Vec::new();
        for question in forms.iter().filter_map(|form| self.forms.get(form)).flat_map(|form| &form.questions) {
            if !questions.iter().any(|known| known.id == question.id) {
                questions.push(question);
            }
        }
        questions
    }

    /// Whether other questions hang on the answer to this one.
    pub fn decides(&self, question: &Question) -> bool {
        self.forms
            .values()
            .flat_map(|form| &form.questions)
            .any(|other| other.when.as_ref().is_some_and(|when| when.question == question.id))
    }
}
