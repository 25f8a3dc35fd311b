//! All words of the kiosk, in four languages (`phrases/*.ftl`, in the format of Project Fluent).

use domain::Language;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::collections::BTreeMap;

/// A phrase file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("phrases of {language}: {what}")]
pub struct PhraseError {
    language: &'static str,
    what: String,
}

/// The words of the kiosk.
pub struct Phrasebook {
    bundles: BTreeMap<Language, FluentBundle<FluentResource>>,
}

/// The languages' phrase files as shipped; a site pack may bring its own.
const SHIPPED: [(Language, &str); 4] = [
    (Language::Ja, include_str!("../phrases/ja.ftl")),
    (Language::En, include_str!("../phrases/en.ftl")),
    (Language::ZhHans, include_str!("../phrases/zh-Hans.ftl")),
    (Language::Ko, include_str!("../phrases/ko.ftl")),
];

impl Phrasebook {
    /// The phrases as shipped.
    ///
    /// # Errors
    /// When a phrase file is malformed, or one language has a phrase that another lacks.
    pub fn shipped() -> Result<Self, PhraseError> {
        let mut bundles = BTreeMap::new();
        let mut known: Option<Vec<String>> = None;
        for (language, text) in SHIPPED {
            let fail = |what: String| PhraseError { language: language.tag(), what };
            let resource =
                FluentResource::try_new(text.to_owned()).map_err(|(_, errors)| fail(format!("{errors:?}")))?;
            let mut keys: Vec<String> = resource
                .entries()
                .filter_map(|entry| match entry {
                    fluent_syntax::ast::Entry::Message(message) => Some(message.id.name.to_owned()),
                    _ => None,
                })
                .collect();
            keys.sort();
            match &known {
                Some(known) if *known != keys => {
                    let odd: Vec<_> = keys
                        .iter()
                        .filter(|key| !known.contains(key))
                        .chain(known.iter().filter(|key| !keys.contains(key)))
                        .collect();
                    return Err(fail(format!("phrases that Japanese and this language do not share: {odd:?}")));
                }
                Some(_) => {}
                None => known = Some(keys),
            }
            let tag = language.tag().parse().map_err(|error| fail(format!("{error}")))?;
            let mut bundle = FluentBundle::new_concurrent(vec![tag]);
            // Isolation marks would be drawn as boxes by some fonts, and all four languages run left to right.
            bundle.set_use_isolating(false);
            bundle.add_resource(resource).map_err(|errors| fail(format!("{errors:?}")))?;
            bundles.insert(language, bundle);
        }
        Ok(Self { bundles })
    }

    /// The phrase `key` in `language`. A key that does not exist gives itself: the golden tests find it.
    pub fn say(&self, language: Language, key: &str, args: &[(&str, String)]) -> String {
        let Some(bundle) = self.bundles.get(&language) else { return key.to_owned() };
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else { return key.to_owned() };
        let args: FluentArgs = args.iter().map(|(name, value)| (*name, argument(value))).collect();
        bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
    }
}

/// A count chooses between "1 try" and "2 tries"; anything else is text.
fn argument(value: &str) -> FluentValue<'_> {
    match !value.is_empty() && value.bytes().all(|c| c.is_ascii_digit()) {
        true => FluentValue::try_number(value),
        false => value.into(),
    }
}
