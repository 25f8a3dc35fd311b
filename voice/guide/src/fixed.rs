//! What is said in the same words whenever it is asked, and so can be recorded beforehand.

use crate::calendar::{self, OpenDay};
use crate::pack::Guide;
use crate::say;
use domain::Language;
use jiff::civil::DateTime;

/// Every text of a guide that depends on neither the day nor the hour: written answers, what a place or event is, where it is,
/// what it costs, its telephone, and what is said where nothing is known. Hours and dates are not among them, but for what is
/// open around the clock. Each is said as a whole or with something after it; sentences come more than once.
pub fn fixed_texts(guide: &Guide, language: Language) -> Vec<String> {
    let mut texts = vec![
        say::unknown(language, guide.site.phone.as_deref()),
        say::which(language),
        say::ended_today(language).to_owned(),
    ];
    for (id, answer) in &guide.answers {
        // What the clock says is not written anywhere.
        if !matches!(id.as_str(), "time-now" | "date-today") {
            texts.push(answer.text(language).say.clone());
        }
    }
    for place in guide.places.values() {
        let text = place.text(language);
        let missing = || say::not_listed(language, &text.name, place.phone.as_deref());
        texts.extend([text.about.clone(), say::way(language, place), say::distance(language, place)]);
        texts.push(say::fee(language, &text.name, text.fee.as_deref()).unwrap_or_else(missing));
        texts.push(say::phone(language, place).unwrap_or_else(missing));
        texts.push(say::closed_list(language, place));
        // Without hours, or open at all of them, on whatever day.
        let any = DateTime::constant(2027, 6, 9, 12, 0, 0, 0);
        let alike = place.closed.is_empty() && place.hours.len() <= 1;
        if alike && matches!(calendar::on(place, any.date()), OpenDay::Always | OpenDay::AllDay) {
            texts.push(say::hours(language, place, any.date(), any));
        }
    }
    for event in guide.events.values() {
        let text = event.text(language);
        let place = event.place.as_ref().and_then(|id| guide.places.get(id));
        let missing = || say::not_listed(language, &text.name, place.and_then(|place| place.phone.as_deref()));
        texts.push(text.about.clone());
        texts.push(say::fee(language, &text.name, text.fee.as_deref()).unwrap_or_else(missing));
        texts.extend(text.time.clone());
    }
    texts
}
