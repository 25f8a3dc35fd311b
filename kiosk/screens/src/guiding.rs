//! Asking the guide: what was heard, the answer, its place, what may be asked next.

use crate::phrase::phrase;
use crate::shell::{model, press, with, with_arg};
use crate::ui::{Guide, GuideTurn, Phrase, Question};
use crate::{Core, terms};
use domain::Language;
use domain::voice::PlaceShown;
use slint::{ComponentHandle, ModelRc, SharedString};
use std::rc::Rc;
use visit::view::{Body, View};
use visit::{Intent, Turns};

/// What is nearer than this, in metres, is here.
const HERE: u32 = 15;

pub(crate) fn wire(core: &Rc<Core>) {
    let guide = core.app.global::<Guide>();
    guide.on_talk_pressed(with(core, |core| {
        if let Some(view) = core.view()
            && let Body::Guide { talk, .. } = &view.body
        {
            press(core, Some(talk));
        }
    }));
    guide.on_voice_pressed(with(core, |core| {
        if let Some(view) = core.view()
            && let Body::Guide { voice, .. } = &view.body
        {
            press(core, voice.as_ref());
        }
    }));
    guide.on_picked(with_arg(core, |core, at: i32| {
        if let Some(view) = core.view()
            && let Body::Guide { next, .. } = &view.body
        {
            press(core, usize::try_from(at).ok().and_then(|at| next.get(at)));
        }
    }));
}

pub(crate) fn show(core: &Core, view: &View) {
    let Body::Guide { turn, heard, heard_label, answer, place, next_label, next, talk, voice } = &view.body else {
        return;
    };
    let say = |text: &str| phrase(text, view.settings.furigana);
    let guide = core.app.global::<Guide>();
    guide.set_turn(match turn {
        Turns::Waits => GuideTurn::Waits,
        Turns::Opens => GuideTurn::Opens,
        Turns::Listens => GuideTurn::Listens,
        Turns::Hears => GuideTurn::Hears,
        Turns::Thinks => GuideTurn::Thinks,
        Turns::Speaks => GuideTurn::Speaks,
    });
    guide.set_heard_label(say(heard_label));
    guide.set_heard(heard.as_ref().map_or_else(SharedString::new, |heard| heard.reveal().as_str().into()));
    guide.set_answer(answer.as_deref().map_or_else(Phrase::default, say));
    guide.set_place_shown(place.is_some());
    if let Some(place) = place {
        let language = view.settings.language;
        guide.set_place_name(say(&place.name));
        guide.set_place_way(say(&way(language, place)));
        let there = place.metres >= HERE;
        guide.set_place_rim("M4 24 a20 20 0 1 0 40 0 a20 20 0 1 0 -40 0 M24 24 h0.1".into());
        guide.set_place_arrow(if there { arrow(place.bearing).into() } else { SharedString::new() });
        guide.set_north(terms::north(language).into());
    }
    guide.set_next_label(say(next_label));
    guide.set_next(model(next.iter().map(|button| Question {
        phrase: say(&button.label),
        icon: if button.intent == Intent::CallStaff { "staff" } else { "question" }.into(),
    })));
    guide.set_talk(say(&talk.label));
    guide.set_talk_enabled(talk.enabled);
    guide.set_voice_shown(voice.is_some());
    if let Some(voice) = voice {
        guide.set_voice(say(&voice.label));
        guide.set_voice_icon(if voice.intent == Intent::Hush { "silence" } else { "speaker" }.into());
    }
}

/// "about 5 minutes on foot, 350 m north-east".
fn way(language: Language, place: &PlaceShown) -> String {
    if place.metres < HERE {
        return place.away.clone();
    }
    let directions = terms::directions(language);
    let direction = directions[usize::from((place.bearing % 360 + 22) / 45 % 8)];
    let distance = match place.metres {
        metres @ 0..1_000 => format!("{} m", (metres + 5) / 10 * 10),
        metres => format!("{:.1} km", f64::from(metres) / 1_000.0),
    };
    let far = terms::far(language).replace("{direction}", direction).replace("{distance}", &distance);
    match (place.away.is_empty(), language) {
        (true, _) => far,
        (false, Language::En | Language::Ko) => format!("{}, {far}", place.away),
        (false, _) => format!("{}・{far}", place.away),
    }
}

/// An arrow from the middle of a field of 48 towards a bearing, north above.
fn arrow(bearing: u16) -> String {
    let angle = f32::from(bearing).to_radians();
    let at = |angle: f32, length: f32| (24.0 + length * angle.sin(), 24.0 - length * angle.cos());
    let (tip, left, right) = (at(angle, 15.0), at(angle - 0.62, 8.0), at(angle + 0.62, 8.0));
    format!(
        "M24 24 L{:.2} {:.2} M{:.2} {:.2} L{:.2} {:.2} L{:.2} {:.2}",
        tip.0, tip.1, left.0, left.1, tip.0, tip.1, right.0, right.1
    )
}

/// What somebody said is overwritten, and what was answered: it tells what was asked.
pub(crate) fn forget(core: &Core) {
    let guide = core.app.global::<Guide>();
    guide.set_heard(SharedString::new());
    guide.set_answer(Phrase::default());
    guide.set_place_shown(false);
    guide.set_place_name(Phrase::default());
    guide.set_place_way(Phrase::default());
    guide.set_place_arrow(SharedString::new());
    guide.set_next_label(Phrase::default());
    guide.set_next(ModelRc::default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_those_of_the_compass() {
        let place = |metres, bearing| PlaceShown {
            name: String::new(),
            away: "about 5 minutes on foot".to_owned(),
            metres,
            bearing,
        };
        assert_eq!(way(Language::En, &place(354, 44)), "about 5 minutes on foot, 350 m north-east");
        assert_eq!(way(Language::En, &place(12_345, 359)), "about 5 minutes on foot, 12.3 km north");
        assert_eq!(way(Language::En, &place(9, 100)), "about 5 minutes on foot");
        assert!(way(Language::Ja, &place(2_000, 270)).contains('西'));
        assert_eq!(arrow(90), "M24 24 L39.00 24.00 M30.51 19.35 L39.00 24.00 L30.51 28.65");
    }
}
