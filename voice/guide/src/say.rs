//! Sentences that are computed: hours, ways, dates, in each language. Japanese ones carry readings where a voice or a reader
//! needs them.

use crate::calendar::{self, Now, OpenDay, Why};
use crate::holidays::is_holiday;
use crate::pack::{By, Clock, Event, Place, PlaceText};
use domain::{Date, Language};
use jiff::civil::{DateTime, Weekday};

use Language::{En, Ja, Ko, ZhHans};

/// A time of day.
pub(crate) fn clock(language: Language, Clock(minutes): Clock) -> String {
    let (hour, minute) = (minutes / 60, minutes % 60);
    match (language, minute) {
        (Ja, 0) => format!("{hour}時"),
        (Ja, 30) => format!("{hour}時半"),
        (Ja, _) => format!("{hour}時{minute}分"),
        (En, _) => {
            let (half, twelve) =
                (if hour % 24 < 12 { "a.m." } else { "p.m." }, if hour % 12 == 0 { 12 } else { hour % 12 });
            match minutes {
                0 | 1440 => "midnight".to_owned(),
                720 => "noon".to_owned(),
                _ if minute == 0 => format!("{twelve} {half}"),
                _ => format!("{twelve}:{minute:02} {half}"),
            }
        }
        (ZhHans, 0) => format!("{hour}点"),
        (ZhHans, 30) => format!("{hour}点半"),
        (ZhHans, _) => format!("{hour}点{minute}分"),
        (Ko, 0) => format!("{hour}시"),
        (Ko, _) => format!("{hour}시 {minute}분"),
    }
}

fn weekday(language: Language, day: Weekday) -> &'static str {
    let at = usize::from(day.to_monday_zero_offset().unsigned_abs());
    match language {
        Ja => ["月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日", "日曜日"][at],
        En => ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"][at],
        ZhHans => ["星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"][at],
        Ko => ["월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일"][at],
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day with its weekday, without its year.
pub(crate) fn day(language: Language, date: Date) -> String {
    let (month, number, name) = (date.month(), date.day(), weekday(language, date.weekday()));
    match language {
        Ja => format!("{month}月{number}日{name}"),
        En => format!("{name}, {} {number}", MONTHS[usize::from(month.unsigned_abs().saturating_sub(1)) % 12]),
        ZhHans => format!("{month}月{number}日{name}"),
        Ko => format!("{month}월 {number}일 {name}"),
    }
}

/// A day of the year.
fn month_day(language: Language, date: Date) -> String {
    let (month, number) = (date.month(), date.day());
    match language {
        Ja | ZhHans => format!("{month}月{number}日"),
        En => format!("{} {number}", MONTHS[usize::from(month.unsigned_abs().saturating_sub(1)) % 12]),
        Ko => format!("{month}월 {number}일"),
    }
}

/// "today", "tomorrow", or the date.
pub(crate) fn relative_day(language: Language, date: Date, today: Date) -> String {
    let tomorrow = today.tomorrow().ok();
    match language {
        Ja if date == today => "今日".to_owned(),
        En if date == today => "Today".to_owned(),
        ZhHans if date == today => "今天".to_owned(),
        Ko if date == today => "오늘".to_owned(),
        Ja if Some(date) == tomorrow => "明日《あした》".to_owned(),
        En if Some(date) == tomorrow => "Tomorrow".to_owned(),
        ZhHans if Some(date) == tomorrow => "明天".to_owned(),
        Ko if Some(date) == tomorrow => "내일".to_owned(),
        En => format!("On {}", day(En, date)),
        _ => day(language, date),
    }
}

fn span(language: Language, from: Clock, to: Clock) -> String {
    let (from, to) = (clock(language, from), clock(language, to));
    match language {
        Ja => format!("{from}から{to}まで"),
        En => format!("from {from} to {to}"),
        ZhHans => format!("{from}到{to}"),
        Ko => format!("{from}부터 {to}까지"),
    }
}

fn times(language: Language, times: &[(Clock, Clock)]) -> String {
    let parts: Vec<_> = times.iter().map(|(from, to)| span(language, *from, *to)).collect();
    parts.join(match language {
        Ja => "と、",
        En => " and ",
        ZhHans => "，以及",
        Ko => ", 그리고 ",
    })
}

/// When the place is open on that day, and, where that day is today, how it stands now.
pub(crate) fn hours(language: Language, place: &Place, date: Date, now: DateTime) -> String {
    let today = now.date();
    let name = &place.text(language).name;
    let when = relative_day(language, date, today);
    let mut text = match calendar::on(place, date) {
        OpenDay::Always => match language {
            Ja => format!("{name}は、いつでもご覧になれます。"),
            En => format!("{name} can be visited at any time."),
            ZhHans => format!("{name}随时可以参观。"),
            Ko => format!("{name}: 언제든지 이용하실 수 있습니다."),
        },
        OpenDay::AllDay => match language {
            Ja => format!("{name}は、24時間ご利用になれます。"),
            En => format!("{name} is open 24 hours a day."),
            ZhHans => format!("{name}24小时开放。"),
            Ko => format!("{name}: 24시간 이용하실 수 있습니다."),
        },
        OpenDay::Closed => match (language, calendar::why_closed(place, date)) {
            (Ja, Some(Why::Holiday)) => format!("{name}は、{when}は祝日のため、お休みです。"),
            (En, Some(Why::Holiday)) => format!("{when}, {name} is closed because it is a public holiday."),
            (ZhHans, Some(Why::Holiday)) => format!("{when}是公共假日，{name}休息。"),
            (Ko, Some(Why::Holiday)) => format!("{name}: {when}은 공휴일이라 쉽니다."),
            (Ja, Some(Why::AfterHoliday)) => format!("{name}は、{when}は祝日の翌日のため、お休みです。"),
            (En, Some(Why::AfterHoliday)) => {
                format!("{when}, {name} is closed because it is the day after a public holiday.")
            }
            (ZhHans, Some(Why::AfterHoliday)) => format!("{when}是公共假日的第二天，{name}休息。"),
            (Ko, Some(Why::AfterHoliday)) => format!("{name}: {when}은 공휴일 다음 날이라 쉽니다."),
            (Ja, _) => format!("{name}は、{when}はお休みです。"),
            (En, _) => format!("{when}, {name} is closed."),
            (ZhHans, _) => format!("{name}{when}休息。"),
            (Ko, _) => format!("{name}: {when}은 쉽니다."),
        },
        OpenDay::Between(open) => {
            let open = times(language, &open);
            match language {
                Ja => format!("{name}は、{when}は{open}です。"),
                En => format!("{when}, {name} is open {open}."),
                ZhHans => format!("{name}{when}的开放时间是{open}。"),
                Ko => format!("{name}: {when}은 {open}입니다."),
            }
        }
    };
    if date == today && matches!(calendar::on(place, date), OpenDay::Between(_)) {
        text.push_str(&match calendar::at(place, date, Clock::of(now.time())) {
            Now::OpenUntil(until) => {
                let until = clock(language, until);
                match language {
                    Ja => format!("いま開《あ》いています。{until}に閉まります。"),
                    En => format!(" It is open now and closes at {until}."),
                    ZhHans => format!("现在开放，{until}关闭。"),
                    Ko => format!(" 지금 열려 있고 {until}에 닫습니다."),
                }
            }
            Now::OpensAt(from) => {
                let from = clock(language, from);
                match language {
                    Ja => format!("いまは閉まっています。{from}に開きます。"),
                    En => format!(" It is closed now and opens at {from}."),
                    ZhHans => format!("现在关闭，{from}开放。"),
                    Ko => format!(" 지금은 닫혀 있고 {from}에 엽니다."),
                }
            }
            Now::ClosedToday => ended_today(language).to_owned(),
            Now::Always => String::new(),
        });
    }
    let over = matches!(calendar::on(place, date), OpenDay::Closed)
        || (date == today && calendar::at(place, date, Clock::of(now.time())) == Now::ClosedToday);
    if over && let Some(next) = calendar::next_open_day(place, date) {
        let next = day(language, next);
        text.push_str(&match language {
            Ja => format!("次は{next}に開きます。"),
            En => format!(" It opens next on {next}."),
            ZhHans => format!("下次开放是{next}。"),
            Ko => format!(" 다음은 {next}에 엽니다."),
        });
    }
    text
}

/// What is said after the last hour of a day.
pub(crate) fn ended_today(language: Language) -> &'static str {
    match language {
        Ja => "今日はもう終わりました。",
        En => " It has closed for today.",
        ZhHans => "今天已经结束。",
        Ko => " 오늘은 끝났습니다.",
    }
}

/// On which days the place is closed, and how it is today.
pub(crate) fn closed_days(language: Language, place: &Place, now: DateTime) -> String {
    let space = if matches!(language, Ja | ZhHans) { "" } else { " " };
    format!("{}{space}{}", closed_list(language, place), hours(language, place, now.date(), now))
}

/// On which days the place is closed.
pub(crate) fn closed_list(language: Language, place: &Place) -> String {
    use crate::pack::{Closed, Day};
    let name = &place.text(language).name;
    let one = |day: Day| match day {
        Day::Yearly(month, number) => {
            Date::new(2028, month, number).map(|date| month_day(language, date)).unwrap_or_default()
        }
        Day::Once(date) => self::day(language, date),
    };
    let mut days: Vec<String> = place
        .closed
        .iter()
        .map(|closed| match closed {
            Closed::Weekly(day) => match language {
                Ja => format!("毎週{}", weekday(language, *day)),
                En => format!("every {}", weekday(language, *day)),
                ZhHans => format!("每{}", weekday(language, *day)),
                Ko => format!("매주 {}", weekday(language, *day)),
            },
            Closed::WeeklyUnlessHoliday(day) => match language {
                Ja => format!("毎週{}（祝日のときは翌日）", weekday(language, *day)),
                En => format!("every {} (the next day where that is a public holiday)", weekday(language, *day)),
                ZhHans => format!("每{}（遇公共假日则次日休息）", weekday(language, *day)),
                Ko => format!("매주 {}(공휴일이면 다음 날)", weekday(language, *day)),
            },
            Closed::Holidays => match language {
                Ja => "祝日",
                En => "public holidays",
                ZhHans => "公共假日",
                Ko => "공휴일",
            }
            .to_owned(),
            Closed::AfterHolidays => match language {
                Ja => "祝日の翌日",
                En => "the day after a public holiday",
                ZhHans => "公共假日的第二天",
                Ko => "공휴일 다음 날",
            }
            .to_owned(),
            Closed::Days(days) if days.from == days.until => one(days.from),
            Closed::Days(days) => match language {
                Ja => format!("{}から{}", one(days.from), one(days.until)),
                En => format!("{} to {}", one(days.from), one(days.until)),
                ZhHans => format!("{}到{}", one(days.from), one(days.until)),
                Ko => format!("{}부터 {}까지", one(days.from), one(days.until)),
            },
        })
        .collect();
    let open_days: Vec<_> = place.hours.iter().flat_map(|hours| hours.days.0.iter()).collect();
    if !place.hours.is_empty() {
        for number in 0..7i8 {
            let Ok(day) = Weekday::from_monday_zero_offset(number) else { continue };
            if !open_days.contains(&&day) {
                days.push(weekday(language, day).to_owned());
            }
        }
    }
    if days.is_empty() {
        match language {
            Ja => format!("{name}に、決まったお休みはありません。"),
            En => format!("{name} has no regular closing days."),
            ZhHans => format!("{name}没有固定休息日。"),
            Ko => format!("{name}: 정기 휴일이 없습니다."),
        }
    } else {
        let list = days.join(if language == Ja || language == ZhHans { "、" } else { ", " });
        match language {
            Ja => format!("{name}のお休みは、{list}です。"),
            En => format!("{name} is closed on: {list}."),
            ZhHans => format!("{name}的休息日是{list}。"),
            Ko => format!("{name}의 휴일은 {list}입니다."),
        }
    }
}

/// How far away it is and how to get there.
pub(crate) fn way(language: Language, place: &Place) -> String {
    let text = place.text(language);
    let minutes = place.away.minutes;
    let far = match (language, place.away.by) {
        _ if minutes == 0 => String::new(),
        (Ja, By::Walk) => format!("ここから歩いて約{minutes}分です。"),
        (Ja, By::Car) => format!("ここから車で約{minutes}分です。"),
        (En, By::Walk) => format!(" It is about {minutes} {} on foot from here.", plural(minutes)),
        (En, By::Car) => format!(" It is about {minutes} {} by car from here.", plural(minutes)),
        (ZhHans, By::Walk) => format!("从这里步行约{minutes}分钟。"),
        (ZhHans, By::Car) => format!("从这里开车约{minutes}分钟。"),
        (Ko, By::Walk) => format!(" 여기서 걸어서 약 {minutes}분입니다."),
        (Ko, By::Car) => format!(" 여기서 차로 약 {minutes}분입니다."),
    };
    format!("{}{far}", text.way)
}

fn plural(minutes: u16) -> &'static str {
    if minutes == 1 { "minute" } else { "minutes" }
}

/// How long it takes, in a few words for a screen; empty for what is right here.
pub fn away(language: Language, place: &Place) -> String {
    let minutes = place.away.minutes;
    match (language, place.away.by) {
        _ if minutes == 0 => String::new(),
        (Ja, By::Walk) => format!("歩《ある》いて約《やく》{minutes}分《ふん》"),
        (Ja, By::Car) => format!("車《くるま》で約《やく》{minutes}分《ふん》"),
        (En, By::Walk) => format!("about {minutes} {} on foot", plural(minutes)),
        (En, By::Car) => format!("about {minutes} {} by car", plural(minutes)),
        (ZhHans, By::Walk) => format!("步行约{minutes}分钟"),
        (ZhHans, By::Car) => format!("开车约{minutes}分钟"),
        (Ko, By::Walk) => format!("걸어서 약 {minutes}분"),
        (Ko, By::Car) => format!("차로 약 {minutes}분"),
    }
}

/// How long it takes.
pub(crate) fn distance(language: Language, place: &Place) -> String {
    let PlaceText { name, .. } = place.text(language);
    let minutes = place.away.minutes.max(1);
    let lead = match (language, place.away.by) {
        (Ja, By::Walk) => format!("{name}までは、歩いて約{minutes}分です。"),
        (Ja, By::Car) => format!("{name}までは、車で約{minutes}分です。"),
        (En, By::Walk) => format!("{name} is about {minutes} {} on foot from here. ", plural(minutes)),
        (En, By::Car) => format!("{name} is about {minutes} {} by car from here. ", plural(minutes)),
        (ZhHans, By::Walk) => format!("从这里步行到{name}约{minutes}分钟。"),
        (ZhHans, By::Car) => format!("从这里开车到{name}约{minutes}分钟。"),
        (Ko, By::Walk) => format!("{name}까지 걸어서 약 {minutes}분입니다. "),
        (Ko, By::Car) => format!("{name}까지 차로 약 {minutes}분입니다. "),
    };
    format!("{lead}{}", place.text(language).way)
}

/// What it costs; `None` where nothing is known.
pub(crate) fn fee(language: Language, name: &str, fee: Option<&str>) -> Option<String> {
    let fee = fee?;
    Some(match language {
        Ja => format!("{name}は、{fee}"),
        En => format!("{name}: {fee}"),
        ZhHans => format!("{name}：{fee}"),
        Ko => format!("{name}: {fee}"),
    })
}

/// The telephone; `None` where there is none.
pub(crate) fn phone(language: Language, place: &Place) -> Option<String> {
    let (name, phone) = (&place.text(language).name, place.phone.as_deref()?);
    Some(match language {
        Ja => format!("{name}の電話番号は、{phone}です。"),
        En => format!("The telephone number of {name} is {phone}."),
        ZhHans => format!("{name}的电话号码是{phone}。"),
        Ko => format!("{name}의 전화번호는 {phone}입니다."),
    })
}

/// When an event takes place, seen from today.
pub(crate) fn when(language: Language, event: &Event, today: Date) -> String {
    let text = event.text(language);
    let name = &text.name;
    let Some((span, now, begins)) = calendar::next_time(&event.when, today) else {
        return match language {
            Ja => format!("{name}は、今年は終わりました。次の日程は、まだわかりません。"),
            En => format!("{name} is over. The next dates are not known yet."),
            ZhHans => format!("{name}已经结束，下次日期尚未确定。"),
            Ko => format!("{name}: 끝났습니다. 다음 일정은 아직 정해지지 않았습니다."),
        };
    };
    // The last day of the same occurrence.
    let last = {
        let mut last = begins;
        for _ in 0..366 {
            match last.tomorrow() {
                Ok(next) if span.holds(next) => last = next,
                _ => break,
            }
        }
        last
    };
    let year = |date: Date| {
        if date.year() == today.year() {
            String::new()
        } else {
            match language {
                Ja | ZhHans => format!("{}年", date.year()),
                En => format!("{} ", date.year()),
                Ko => format!("{}년 ", date.year()),
            }
        }
    };
    let (from, to) = (month_day(language, begins), month_day(language, last));
    let dates = if begins == last {
        match language {
            En => format!(
                "{}{}",
                day(En, begins),
                if year(begins).is_empty() { String::new() } else { format!(", {}", begins.year()) }
            ),
            _ => format!("{}{}", year(begins), day(language, begins)),
        }
    } else {
        match language {
            Ja => format!("{}{from}から{to}まで", year(begins)),
            En => format!(
                "{from} to {to}{}",
                if year(begins).is_empty() { String::new() } else { format!(", {}", begins.year()) }
            ),
            ZhHans => format!("{}{from}到{to}", year(begins)),
            Ko => format!("{}{from}부터 {to}까지", year(begins)),
        }
    };
    let mut said = match (language, now) {
        (Ja, true) => format!("{name}は、いま開かれています。{to}までです。"),
        (En, true) => format!("{name} is on now, until {to}."),
        (ZhHans, true) => format!("{name}正在举行，到{to}为止。"),
        (Ko, true) => format!("{name}: 지금 열리고 있습니다. {to}까지입니다."),
        (Ja, false) => format!("{name}は、{dates}です。"),
        (En, false) => format!("{name}: {dates}."),
        (ZhHans, false) => format!("{name}的日期是{dates}。"),
        (Ko, false) => format!("{name}: {dates}입니다."),
    };
    if let Some(time) = &text.time {
        if matches!(language, En | Ko) {
            said.push(' ');
        }
        said.push_str(time);
    }
    said
}

/// The time of day now.
pub(crate) fn time_now(language: Language, now: DateTime) -> String {
    let time = clock(language, Clock::of(now.time()));
    match language {
        Ja => format!("いま、{time}です。"),
        En => format!("It is {time} now."),
        ZhHans => format!("现在是{time}。"),
        Ko => format!("지금은 {time}입니다."),
    }
}

/// Today's date.
pub(crate) fn date_today(language: Language, now: DateTime) -> String {
    let date = day(language, now.date());
    match (language, is_holiday(now.date())) {
        (Ja, false) => format!("今日は、{date}です。"),
        (En, false) => format!("Today is {date}."),
        (ZhHans, false) => format!("今天是{date}。"),
        (Ko, false) => format!("오늘은 {date}입니다."),
        (Ja, true) => format!("今日は、{date}、祝日です。"),
        (En, true) => format!("Today is {date}, a public holiday."),
        (ZhHans, true) => format!("今天是{date}，是公共假日。"),
        (Ko, true) => format!("오늘은 {date}, 공휴일입니다."),
    }
}

/// What is said when nothing is known.
pub(crate) fn unknown(language: Language, phone: Option<&str>) -> String {
    match (language, phone) {
        (Ja, None) => "申し訳ありません。わかりませんでした。係の者にお尋ねください。".to_owned(),
        (Ja, Some(phone)) => format!("申し訳ありません。わかりませんでした。係の者か、お電話{phone}にお尋ねください。"),
        (En, None) => "I am sorry, I do not know. Please ask the staff.".to_owned(),
        (En, Some(phone)) => format!("I am sorry, I do not know. Please ask the staff, or call {phone}."),
        (ZhHans, None) => "对不起，我不清楚。请询问工作人员。".to_owned(),
        (ZhHans, Some(phone)) => format!("对不起，我不清楚。请询问工作人员，或拨打{phone}。"),
        (Ko, None) => "죄송합니다. 잘 모르겠습니다. 직원에게 문의해 주세요.".to_owned(),
        (Ko, Some(phone)) => format!("죄송합니다. 잘 모르겠습니다. 직원에게 묻거나 {phone}로 전화해 주세요."),
    }
}

/// What is said before choices.
pub(crate) fn which(language: Language) -> String {
    match language {
        Ja => "どれについて、お知りになりたいですか。",
        En => "Which of these do you mean?",
        ZhHans => "您想了解哪一项？",
        Ko => "어느 것을 알고 싶으신가요?",
    }
    .to_owned()
}

/// What is said when a fact is not in the guide.
pub(crate) fn not_listed(language: Language, name: &str, phone: Option<&str>) -> String {
    let call = phone.map(|phone| match language {
        Ja => format!("お電話{phone}で確かめられます。"),
        En => format!(" You can ask by telephone: {phone}."),
        ZhHans => format!("可拨打{phone}确认。"),
        Ko => format!(" {phone}로 전화하여 확인하실 수 있습니다."),
    });
    let lead = match language {
        Ja => format!("{name}については、その案内がありません。"),
        En => format!("I have no information on that for {name}."),
        ZhHans => format!("没有关于{name}的这项信息。"),
        Ko => format!("{name}에 대한 해당 안내가 없습니다."),
    };
    lead + &call.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holiday_is_named_as_the_reason_in_four_languages() {
        let each =
            ["ja", "en", "zh-Hans", "ko"].map(|tag| format!("[{tag}]\nname = \"N\"\nabout = \"x\"\nway = \"x\"\n"));
        let place: Place = toml::from_str(&format!(
            "kind = \"office\"\nat = [36.6, 136.7]\naway = {{ by = \"walk\", minutes = 1 }}\nsource = {{ kind = \"example\" }}\n\
             hours = [{{ days = \"mon-fri\", from = \"09:00\", to = \"17:00\" }}]\nclosed = [\"holiday\"]\n{}",
            each.concat()
        ))
        .unwrap();
        let now: DateTime = "2026-11-23T10:00".parse().unwrap();
        for (language, closed, list, today) in [
            (Ja, "Nは、今日は祝日のため、お休みです。次は11月24日火曜日に開きます。", "祝日", "祝日です"),
            (
                En,
                "Today, N is closed because it is a public holiday. It opens next on Tuesday, November 24.",
                "public holidays",
                "a public holiday",
            ),
            (ZhHans, "今天是公共假日，N休息。下次开放是11月24日星期二。", "公共假日", "公共假日"),
            (Ko, "N: 오늘은 공휴일이라 쉽니다. 다음은 11월 24일 화요일에 엽니다.", "공휴일", "공휴일"),
        ] {
            assert_eq!(hours(language, &place, now.date(), now), closed);
            assert!(closed_list(language, &place).contains(list));
            assert!(date_today(language, now).contains(today));
            assert!(!date_today(language, "2026-11-24T10:00".parse().unwrap()).contains(today));
        }
    }
}
