//! A small invented town: three services, three forms.

use domain::Localized;
use domain::form::{AnswerKind, Choice, Condition, FormId, Question, ValueId};
use domain::voice::AnswerId;
use std::sync::Arc;
use visit::{Catalogue, Category, FormOutline, OftenAsked, Service, ServiceId};

fn text(ja: &str) -> Localized {
    Localized { ja: ja.to_owned(), en: Some(ja.to_owned()), zh_hans: Some(ja.to_owned()), ko: Some(ja.to_owned()) }
}

fn question(id: &str, answer: AnswerKind, optional: bool, when: Option<(&str, &str)>) -> Question {
    Question {
        id: ValueId(id.to_owned()),
        label: text(id),
        help: None,
        answer,
        optional,
        when: when.map(|(question, is)| Condition { question: ValueId(question.to_owned()), is: vec![is.to_owned()] }),
    }
}

pub fn catalogue() -> Arc<Catalogue> {
    let choice = |id: &str| Choice { id: id.to_owned(), label: text(id) };
    let who = question("who", AnswerKind::One { choices: vec![choice("self"), choice("proxy")] }, false, None);
    let phone = question("phone", AnswerKind::Phone, true, None);
    let proxy = question("proxy_name", AnswerKind::Text { max: 30 }, false, Some(("who", "proxy")));
    let forms = [
        ("move", vec![who.clone(), proxy.clone(), phone.clone()], true),
        ("copy", vec![who, proxy, phone, question("copies", AnswerKind::Digits { min: 1, max: 2 }, false, None)], true),
        ("tax", vec![], false),
    ];
    let service = |id: &str, forms: &[&str]| Service {
        id: ServiceId(id.to_owned()),
        title: text(id),
        reading: "てつづき".to_owned(),
        keywords: vec!["コピー".to_owned()],
        category: "all".to_owned(),
        most_used: Some(1),
        minutes: 2,
        desk: text("1番 市民課"),
        what_to_bring: vec![],
        forms: forms.iter().map(|form| FormId((*form).to_owned())).collect(),
        fee: None,
    };
    Arc::new(Catalogue {
        site: text("渚市役所"),
        categories: vec![Category { id: "all".to_owned(), label: text("すべて"), icon: "house".to_owned() }],
        services: vec![
            service("moving", &["move", "copy"]),
            service("certificate", &["copy"]),
            service("taxes", &["tax"]),
        ],
        forms: forms
            .into_iter()
            .map(|(id, questions, signature)| {
                (FormId(id.to_owned()), FormOutline { title: text(id), questions, signature })
            })
            .collect(),
        queue_qr: Some("Q:{visit}:{forms}".to_owned()),
        often_asked: ["bath.hours", "toilet"]
            .into_iter()
            .map(|id| OftenAsked { id: AnswerId(id.to_owned()), label: text(id), icon: "info".to_owned() })
            .collect(),
    })
}
