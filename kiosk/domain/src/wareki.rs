//! Japanese eras (元号). Source: 元号法 and the cabinet orders of each change of era.

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

/// An era of the Japanese calendar that a living person's documents may bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Era {
    /// 明治, from 1868-10-23 (used by the civil registry with Gregorian dates from 1873-01-01).
    Meiji,
    /// 大正, from 1912-07-30.
    Taisho,
    /// 昭和, from 1926-12-25.
    Showa,
    /// 平成, from 1989-01-08.
    Heisei,
    /// 令和, from 2019-05-01.
    Reiwa,
}

impl Era {
    /// All eras, oldest first.
    pub const ALL: [Self; 5] = [Self::Meiji, Self::Taisho, Self::Showa, Self::Heisei, Self::Reiwa];

    /// The first day of the era.
    pub fn begins(self) -> Date {
        match self {
            Self::Meiji => date(1868, 10, 23),
            Self::Taisho => date(1912, 7, 30),
            Self::Showa => date(1926, 12, 25),
            Self::Heisei => date(1989, 1, 8),
            Self::Reiwa => date(2019, 5, 1),
        }
    }

    /// The era's name in kanji.
    pub fn name(self) -> &'static str {
        match self {
            Self::Meiji => "明治",
            Self::Taisho => "大正",
            Self::Showa => "昭和",
            Self::Heisei => "平成",
            Self::Reiwa => "令和",
        }
    }

    /// The letter used beside dates on forms (M, T, S, H, R).
    pub fn letter(self) -> char {
        match self {
            Self::Meiji => 'M',
            Self::Taisho => 'T',
            Self::Showa => 'S',
            Self::Heisei => 'H',
            Self::Reiwa => 'R',
        }
    }

    /// The Gregorian date of a day of this era, if there is such a day in it.
    pub fn date(self, year: i16, month: i8, day: i8) -> Option<Date> {
        if year < 1 {
            return None;
        }
        let gregorian = Date::new(self.begins().year().checked_add(year - 1)?, month, day).ok()?;
        let wareki = Wareki::from_date(gregorian)?;
        (wareki.era == self).then_some(gregorian)
    }
}

/// A date in the Japanese calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wareki {
    /// The era.
    pub era: Era,
    /// The year of the era, from 1.
    pub year: i16,
    /// The month, from 1.
    pub month: i8,
    /// The day, from 1.
    pub day: i8,
}

impl Wareki {
    /// The Japanese date of a Gregorian one; `None` before 明治.
    pub fn from_date(date: Date) -> Option<Self> {
        let era = Era::ALL.into_iter().rev().find(|era| era.begins() <= date)?;
        Some(Self { era, year: date.year() - era.begins().year() + 1, month: date.month(), day: date.day() })
    }

    /// As written on forms: `令和元年5月1日`.
    pub fn text(&self) -> String {
        let year = if self.year == 1 { "元".to_owned() } else { self.year.to_string() };
        format!("{}{year}年{}月{}日", self.era.name(), self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eras_meet_at_their_first_days() {
        let text = |y, m, d| Wareki::from_date(date(y, m, d)).unwrap().text();
        assert_eq!(text(2019, 4, 30), "平成31年4月30日");
        assert_eq!(text(2019, 5, 1), "令和元年5月1日");
        assert_eq!(text(1989, 1, 7), "昭和64年1月7日");
        assert_eq!(text(1989, 1, 8), "平成元年1月8日");
        assert_eq!(text(1926, 12, 25), "昭和元年12月25日");
        assert_eq!(Era::Showa.date(55, 2, 29), Some(date(1980, 2, 29)));
        assert_eq!(Era::Showa.date(56, 2, 29), None);
        assert_eq!(Era::Heisei.date(31, 5, 1), None);
    }

    proptest::proptest! {
        #[test]
        fn every_day_goes_there_and_back(days in 0i32..90_000) {
            let day = date(1868, 10, 23).checked_add(jiff::Span::new().days(days)).unwrap();
            let w = Wareki::from_date(day).unwrap();
            proptest::prop_assert_eq!(w.era.date(w.year, w.month, w.day), Some(day));
        }
    }
}
