//! When places are open: computed for the day that is asked about, never recited.

use crate::holidays::is_holiday;
use crate::pack::{Clock, Closed, Place, Span};
use domain::Date;
use jiff::civil::Weekday;

/// What a place does on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenDay {
    /// It has no hours: it is simply there (a waterfall, a monument).
    Always,
    /// Around the clock.
    AllDay,
    /// Between these times, in order.
    Between(Vec<(Clock, Clock)>),
    /// Not at all.
    Closed,
}

/// What a place does at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Now {
    /// Open until then.
    OpenUntil(Clock),
    /// Closed now, opens then, the same day.
    OpensAt(Clock),
    /// Closed for the rest of the day.
    ClosedToday,
    /// There is nothing to open.
    Always,
}

/// Why a place is closed on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It always is on such days.
    Regular,
    /// It is a public holiday.
    Holiday,
    /// The day before was a public holiday.
    AfterHoliday,
}

/// Why the place is closed on that day; `None` where it is not.
pub fn why_closed(place: &Place, date: Date) -> Option<Why> {
    let why = |closed: &Closed| match closed {
        Closed::Weekly(day) => (date.weekday() == *day).then_some(Why::Regular),
        Closed::WeeklyUnlessHoliday(day) if date.weekday() == *day && !is_holiday(date) => Some(Why::Regular),
        Closed::WeeklyUnlessHoliday(day) => is_moved_to(*day, date).then_some(Why::AfterHoliday),
        Closed::Holidays => is_holiday(date).then_some(Why::Holiday),
        Closed::AfterHolidays => follows_holiday(date).then_some(Why::AfterHoliday),
        Closed::Days(span) => span.holds(date).then_some(Why::Regular),
    };
    let mut all: Vec<Why> = place.closed.iter().filter_map(why).collect();
    if !place.hours.is_empty() && times(place, date.weekday()).is_empty() {
        all.push(Why::Regular);
    }
    // That it is a holiday explains nothing where it is closed every week.
    all.iter().find(|why| **why == Why::Regular).or(all.first()).copied()
}

fn follows_holiday(date: Date) -> bool {
    !is_holiday(date) && date.yesterday().is_ok_and(is_holiday)
}

/// Whether the weekly day off before `date` was a holiday, and nothing but holidays lie between.
fn is_moved_to(day: Weekday, date: Date) -> bool {
    let mut before = date;
    while follows_holiday(date) {
        match before.yesterday() {
            Ok(holiday) if is_holiday(holiday) => before = holiday,
            _ => return false,
        }
        if before.weekday() == day {
            return true;
        }
    }
    false
}

fn times(place: &Place, day: Weekday) -> Vec<(Clock, Clock)> {
    let hours = place.hours.iter().filter(|hours| hours.days.0.contains(&day));
    hours.map(|hours| (hours.from, hours.to)).collect()
}

/// What the place does on that day.
pub fn on(place: &Place, date: Date) -> OpenDay {
    if why_closed(place, date).is_some() {
        return OpenDay::Closed;
    }
    if place.hours.is_empty() {
        return OpenDay::Always;
    }
    let mut times = times(place, date.weekday());
    times.sort();
    match times.as_slice() {
        [] => OpenDay::Closed,
        [(Clock(0), Clock(1440))] => OpenDay::AllDay,
        _ => OpenDay::Between(times),
    }
}

/// What the place does at that moment.
pub fn at(place: &Place, date: Date, clock: Clock) -> Now {
    match on(place, date) {
        OpenDay::Always | OpenDay::AllDay => Now::Always,
        OpenDay::Closed => Now::ClosedToday,
        OpenDay::Between(times) => {
            for (from, to) in times {
                if clock < from {
                    return Now::OpensAt(from);
                }
                if clock < to {
                    return Now::OpenUntil(to);
                }
            }
            Now::ClosedToday
        }
    }
}

/// The next day, from the one after `date`, on which the place opens; looked for over a year.
pub fn next_open_day(place: &Place, date: Date) -> Option<Date> {
    let mut day = date;
    for _ in 0..366 {
        day = day.tomorrow().ok()?;
        if on(place, day) != OpenDay::Closed {
            return Some(day);
        }
    }
    None
}

/// The spans on or after a day, the one that is going on first; each with the day on which it next begins.
pub fn next_time(spans: &[Span], date: Date) -> Option<(Span, bool, Date)> {
    if let Some(span) = spans.iter().find(|span| span.holds(date)) {
        return Some((*span, true, date));
    }
    spans.iter().filter_map(|span| span.next(date).map(|next| (*span, false, next))).min_by_key(|(_, _, next)| *next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn place(text: &str) -> Place {
        let language = |tag: &str| format!("[{tag}]\nname = \"x\"\nabout = \"x\"\nway = \"x\"\n");
        let all: String = ["ja", "en", "zh-Hans", "ko"].into_iter().map(language).collect();
        let head = "kind = \"bath\"\nat = [36.6, 136.7]\naway = { by = \"walk\", minutes = 1 }\nsource = { kind = \"example\" }\n";
        toml::from_str(&format!("{head}{text}\n{all}")).unwrap()
    }

    #[test]
    fn a_break_at_noon_a_day_off_and_the_turn_of_the_year() {
        let bath = place(
            "hours = [{ days = \"mon-sun\", from = \"18:00\", to = \"20:30\" }, { days = \"mon-sun\", from = \"10:00\", to = \"16:00\" }]\n\
             closed = [\"tue\", \"12-29..01-03\"]",
        );
        let monday = date(2026, 11, 23);
        assert_eq!(at(&bath, monday, Clock(9 * 60)), Now::OpensAt(Clock(600)));
        assert_eq!(at(&bath, monday, Clock(10 * 60)), Now::OpenUntil(Clock(960)));
        assert_eq!(at(&bath, monday, Clock(17 * 60)), Now::OpensAt(Clock(1080)));
        assert_eq!(at(&bath, monday, Clock(21 * 60)), Now::ClosedToday);
        assert_eq!(on(&bath, date(2026, 11, 24)), OpenDay::Closed);
        assert_eq!(next_open_day(&bath, monday), Some(date(2026, 11, 25)));
        for day in [date(2026, 12, 31), date(2027, 1, 3)] {
            assert_eq!(on(&bath, day), OpenDay::Closed);
        }
        assert_eq!(next_open_day(&bath, date(2026, 12, 28)), Some(date(2027, 1, 4)));
    }

    #[test]
    fn public_holidays_close_and_move_days_off() {
        let weekdays = "hours = [{ days = \"mon-fri\", from = \"09:00\", to = \"17:00\" }]";
        let hall = place(&format!("{weekdays}\nclosed = [\"holiday\"]"));
        // Monday 23 November 2026 is a holiday; the Sunday before it is no working day anyhow.
        assert_eq!(why_closed(&hall, date(2026, 11, 23)), Some(Why::Holiday));
        assert_eq!(why_closed(&hall, date(2026, 11, 22)), Some(Why::Regular));
        assert_eq!(why_closed(&hall, date(2026, 5, 3)), Some(Why::Regular));
        assert_eq!(next_open_day(&hall, date(2026, 9, 18)), Some(date(2026, 9, 24)));
        assert_eq!(at(&hall, date(2026, 11, 23), Clock(600)), Now::ClosedToday);
        let daily = "hours = [{ days = \"mon-sun\", from = \"09:00\", to = \"17:00\" }]";
        let museum = place(&format!("{daily}\nclosed = [\"mon-unless-holiday\"]"));
        assert_eq!(why_closed(&museum, date(2026, 11, 16)), Some(Why::Regular));
        assert_eq!(why_closed(&museum, date(2026, 11, 23)), None);
        assert_eq!(why_closed(&museum, date(2026, 11, 24)), Some(Why::AfterHoliday));
        // Monday 4 May is in the middle of holidays, of which the last is the Wednesday.
        assert_eq!(
            [4, 5, 6, 7, 8].map(|day| on(&museum, date(2026, 5, day)) == OpenDay::Closed),
            [false, false, false, true, false]
        );
        // After other holidays it opens.
        assert_eq!(why_closed(&museum, date(2026, 4, 30)), None);
        let shop = place(&format!("{daily}\nclosed = [\"after-holiday\"]"));
        assert_eq!(why_closed(&shop, date(2026, 4, 30)), Some(Why::AfterHoliday));
        assert_eq!(
            [20, 21, 22, 23, 24].map(|day| on(&shop, date(2026, 9, day)) == OpenDay::Closed),
            [false, false, false, false, true]
        );
    }

    #[test]
    fn the_29th_of_february_comes_every_fourth_year() {
        let leap: Span = toml::from_str("from = \"02-29\"\nuntil = \"02-29\"").unwrap();
        assert!(leap.holds(date(2028, 2, 29)));
        assert_eq!(next_time(&[leap], date(2026, 11, 25)).unwrap().2, date(2028, 2, 29));
        let once: Span = toml::from_str("from = \"2026-05-03\"\nuntil = \"2026-05-05\"").unwrap();
        assert_eq!(next_time(&[once], date(2026, 11, 25)), None);
    }

    #[test]
    fn what_never_closes_is_always_open() {
        assert_eq!(at(&place(""), date(2026, 11, 25), Clock(3 * 60)), Now::Always);
        let toilets = place("hours = [{ days = \"mon-sun\", from = \"00:00\", to = \"24:00\" }]");
        assert_eq!(on(&toilets, date(2026, 11, 25)), OpenDay::AllDay);
    }
}
