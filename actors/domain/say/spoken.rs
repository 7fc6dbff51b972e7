//! Times and lists as people say them.

use jiff::civil::{Date, Weekday};

use super::Language;
use crate::domain::time::Minute;

/// "Tuesday, March 10 at 2:30 PM", "3月10日星期二下午2点30分".
pub fn spoken_time(language: Language, date: Date, start: Minute) -> String {
    let (hour, minute) = (start.get() / 60, start.get() % 60);
    let twelve = if hour.is_multiple_of(12) { 12 } else { hour % 12 };
    match language {
        Language::En => {
            let half = if hour < 12 { "AM" } else { "PM" };
            let clock =
                if minute == 0 { format!("{twelve} {half}") } else { format!("{twelve}:{minute:02} {half}") };
            format!("{}, {} {} at {clock}", weekday_en(date.weekday()), month_en(date.month()), date.day())
        }
        Language::Zh => {
            let half = match hour {
                0..6 => "凌晨",
                6..12 => "上午",
                12..18 => "下午",
                _ => "晚上",
            };
            let clock = if minute == 0 { format!("{twelve}点") } else { format!("{twelve}点{minute}分") };
            format!("{}月{}日{}{half}{clock}", date.month(), date.day(), weekday_zh(date.weekday()))
        }
    }
}

/// "A, B and C", "A、B和C".
pub fn spoken_list(language: Language, items: &[&str]) -> String {
    let (comma, and) = match language {
        Language::En => (", ", " and "),
        Language::Zh => ("、", "和"),
    };
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [head @ .., last] => format!("{}{and}{last}", head.join(comma)),
    }
}

const fn weekday_en(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

const fn weekday_zh(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "星期一",
        Weekday::Tuesday => "星期二",
        Weekday::Wednesday => "星期三",
        Weekday::Thursday => "星期四",
        Weekday::Friday => "星期五",
        Weekday::Saturday => "星期六",
        Weekday::Sunday => "星期日",
    }
}

fn month_en(month: i8) -> &'static str {
    const NAMES: [&str; 12] = [
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
    usize::try_from(month - 1).ok().and_then(|index| NAMES.get(index)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn times_are_spoken_as_people_say_them() {
        let tuesday = date(2026, 3, 10);
        let at = |hour, minute| Minute::at(hour, minute).unwrap();
        assert_eq!(spoken_time(Language::En, tuesday, at(14, 0)), "Tuesday, March 10 at 2 PM");
        assert_eq!(spoken_time(Language::En, tuesday, at(0, 5)), "Tuesday, March 10 at 12:05 AM");
        assert_eq!(spoken_time(Language::Zh, tuesday, at(14, 30)), "3月10日星期二下午2点30分");
        assert_eq!(spoken_time(Language::Zh, tuesday, at(12, 0)), "3月10日星期二下午12点");
        assert_eq!(spoken_list(Language::En, &["A", "B", "C"]), "A, B and C");
        assert_eq!(spoken_list(Language::Zh, &["甲", "乙"]), "甲和乙");
    }
}
