//! Japan's public holidays, by the Act on National Holidays (国民の祝日に関する法律, 昭和23年法律第178号) as it has stood since 2022.
//!
//! The equinoxes are announced in the February before (暦要項, National Astronomical Observatory); until then they are known by
//! the formula of the Hydrographic Department's 新こよみ便利帳, which holds from 1980 to 2099. A holiday that is moved by a law for
//! one year, as for the games of 2020, is not foreseen.

use domain::Date;
use jiff::civil::Weekday;

/// Whether nobody has to work on that day: a national holiday, its substitute, or a day between two of them.
pub fn is_holiday(date: Date) -> bool {
    if is_national(date) {
        return true;
    }
    let before = |date: Date| date.yesterday().ok();
    // Article 3, 2: a holiday on a Sunday makes the next day that is none a day of rest.
    let mut day = before(date);
    while let Some(holiday) = day.filter(|day| is_national(*day)) {
        if holiday.weekday() == Weekday::Sunday {
            return true;
        }
        day = before(holiday);
    }
    // Article 3, 3: so is a day between two holidays.
    before(date).is_some_and(is_national) && date.tomorrow().is_ok_and(is_national)
}

/// Article 2.
fn is_national(date: Date) -> bool {
    let (month, day) = (date.month(), date.day());
    let nth_monday = |nth| date.weekday() == Weekday::Monday && (day - 1) / 7 + 1 == nth;
    match month {
        // 元日, 成人の日
        1 => day == 1 || nth_monday(2),
        // 建国記念の日, 天皇誕生日
        2 => matches!(day, 11 | 23),
        // 春分の日
        3 => day == equinox(date.year(), 20.8431),
        // 昭和の日
        4 => day == 29,
        // 憲法記念日, みどりの日, こどもの日
        5 => matches!(day, 3..=5),
        // 海の日
        7 => nth_monday(3),
        // 山の日
        8 => day == 11,
        // 敬老の日, 秋分の日
        9 => nth_monday(3) || day == equinox(date.year(), 23.2488),
        // スポーツの日
        10 => nth_monday(2),
        // 文化の日, 勤労感謝の日
        11 => matches!(day, 3 | 23),
        _ => false,
    }
}

/// The day of an equinox: a year is 0.242194 days longer than 365, and every fourth has a day more.
fn equinox(year: i16, of_1980: f64) -> i8 {
    let years = f64::from(year) - 1980.0;
    (of_1980 + 0.242_194 * years - (years / 4.0).floor()).floor() as i8
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn of(year: i16) -> Vec<(i8, i8)> {
        let days = date(year, 1, 1).series(jiff::Span::new().days(1)).take_while(|day| day.year() == year);
        days.filter(|day| is_holiday(*day)).map(|day| (day.month(), day.day())).collect()
    }

    #[test]
    fn the_years_that_the_cabinet_office_has_published() {
        // https://www8.cao.go.jp/chosei/shukujitsu/gaiyou.html
        let fixed = |year: &[(i8, i8)]| year.to_vec();
        assert_eq!(
            of(2026),
            fixed(&[
                (1, 1),
                (1, 12),
                (2, 11),
                (2, 23),
                (3, 20),
                (4, 29),
                (5, 3),
                (5, 4),
                (5, 5),
                (5, 6),
                (7, 20),
                (8, 11),
                (9, 21),
                (9, 22),
                (9, 23),
                (10, 12),
                (11, 3),
                (11, 23),
            ])
        );
        assert_eq!(
            of(2027),
            fixed(&[
                (1, 1),
                (1, 11),
                (2, 11),
                (2, 23),
                (3, 21),
                (3, 22),
                (4, 29),
                (5, 3),
                (5, 4),
                (5, 5),
                (7, 19),
                (8, 11),
                (9, 20),
                (9, 23),
                (10, 11),
                (11, 3),
                (11, 23),
            ])
        );
        assert_eq!(
            of(2024),
            fixed(&[
                (1, 1),
                (1, 8),
                (2, 11),
                (2, 12),
                (2, 23),
                (3, 20),
                (4, 29),
                (5, 3),
                (5, 4),
                (5, 5),
                (5, 6),
                (7, 15),
                (8, 11),
                (8, 12),
                (9, 16),
                (9, 22),
                (9, 23),
                (10, 14),
                (11, 3),
                (11, 4),
                (11, 23),
            ])
        );
    }

    #[test]
    fn the_years_to_come() {
        // Days between two holidays come when the equinox is a Wednesday: 2032.
        assert!(is_holiday(date(2032, 9, 21)) && !is_holiday(date(2031, 9, 22)));
        // 5 May 2030 is a Sunday; 3 May 2026 was one, whose substitute is the third day after.
        assert!(is_holiday(date(2030, 5, 6)) && !is_holiday(date(2029, 5, 6)));
        // Equinoxes, after the tables of the National Astronomical Observatory.
        for (year, spring, autumn) in [(2028, 20, 22), (2029, 20, 23), (2030, 20, 23), (2031, 21, 23), (2032, 20, 22)] {
            assert!(is_national(date(year, 3, spring)) && is_national(date(year, 9, autumn)), "{year}");
        }
        for year in 2026..=2035 {
            let count = of(year).len();
            assert!((16..=19).contains(&count), "{year}: {count}");
        }
    }
}
