//! The keyboards on the glass, and what their keys do to kana.

use crate::phrase::phrase;
use crate::terms;
use crate::ui::{Key, Row};
use domain::{Language, ruby};
use slint::{ModelRc, VecModel};

/// Which letters the keyboard has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letters {
    /// Hiragana, for words to convert.
    Hiragana,
    /// Katakana.
    Katakana,
    /// Latin letters; capitals or not.
    Latin { capitals: bool },
    /// Digits, signs, and the words of addresses.
    Numbers,
}

/// What is entered with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Text with conversion to kanji: letters, caret, conversion.
    Text,
    /// A reading in katakana.
    Kana,
    /// A search.
    Search,
}

/// The words on the keys, from the view's captions.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Captions {
    pub(crate) delete: String,
    pub(crate) clear: String,
    pub(crate) space: String,
    pub(crate) convert: String,
    pub(crate) ok: String,
}

const KANA: [&str; 5] = [
    "あかさたなはまやらわ",
    "いきしちにひみ　りを",
    "うくすつぬふむゆるん",
    "えけせてねへめ　れー",
    "おこそとのほもよろ・",
];

fn key(label: impl Into<String>, columns: i32) -> Key {
    let label: String = label.into();
    Key { code: label.clone().into(), says: label.clone().into(), label: label.into(), columns, ..Key::default() }
}

fn blank(columns: i32) -> Key {
    Key { columns, blank: true, ..Key::default() }
}

fn command(code: &str, caption: &str, icon: &str, columns: i32) -> Key {
    let says = ruby::plain(caption).into();
    Key { code: code.into(), says, icon: icon.into(), columns, ..Key::default() }
}

fn worded(code: &str, caption: &str, columns: i32) -> Key {
    let label = phrase(caption, false).plain;
    Key { code: code.into(), says: label.clone(), label, columns, strong: true, ..Key::default() }
}

/// The rows of a keyboard: twelve columns each.
pub(crate) fn rows(letters: Letters, used: Use, captions: &Captions, language: Language) -> ModelRc<Row> {
    let sign = |label: &str, caption: &str| Key { says: ruby::plain(caption).into(), ..key(label, 1) };
    let delete = command("delete", &captions.delete, "delete", 2);
    let clear = command("clear", &captions.clear, "clear", 2);
    let mut rows: Vec<Vec<Key>> = match letters {
        Letters::Hiragana | Letters::Katakana => {
            let row = |row: &str| -> Vec<Key> {
                row.chars()
                    .map(|c| match (c, letters) {
                        ('　', _) => blank(1),
                        (c, Letters::Katakana) => key(katakana(c), 1),
                        (c, _) => key(c, 1),
                    })
                    .collect()
            };
            let last = match used {
                Use::Text => Key { strong: true, ..worded("convert", &captions.convert, 2) },
                Use::Kana | Use::Search => blank(2),
            };
            let voice = vec![sign("゛", terms::voiced(language)), sign("゜", terms::half_voiced(language))];
            let small = Key { says: ruby::plain(terms::small(language)).into(), code: "small".into(), ..key("小", 2) };
            let ends = [voice, vec![small], vec![delete], vec![clear], vec![last]];
            KANA.iter().zip(ends).map(|(kana, end)| row(kana).into_iter().chain(end).collect()).collect()
        }
        Letters::Latin { capitals } => {
            let row = |letters: &str| -> Vec<Key> {
                letters.chars().map(|c| key(if capitals { c } else { c.to_ascii_lowercase() }, 1)).collect()
            };
            let case = Key {
                says: ruby::plain(terms::capitals(language)).into(),
                code: "case".into(),
                ..key(if capitals { "A→a" } else { "a→A" }, 2)
            };
            [("ABCDEFGHIJ", delete), ("KLMNOPQRST", clear), ("UVWXYZ-'.・", case)]
                .into_iter()
                .map(|(letters, end)| row(letters).into_iter().chain([end]).collect())
                .collect()
        }
        Letters::Numbers => {
            let row = |letters: &str| -> Vec<Key> { letters.chars().map(|c| key(c, 1)).collect() };
            let words = ["丁目", "番地", "番", "号", "号室", "階"].map(|word| key(word, 2));
            vec![
                row("1234567890").into_iter().chain([delete]).collect(),
                row("-、。（）／＆＃〒・").into_iter().chain([clear]).collect(),
                words.into(),
            ]
        }
    };
    let mode = |code: &str, caption: &str, on: bool| Key { on, ..worded(code, caption, 2) };
    let modes = [
        mode("kana", terms::kana(language), matches!(letters, Letters::Hiragana | Letters::Katakana)),
        mode("latin", terms::latin(language), matches!(letters, Letters::Latin { .. })),
        mode("numbers", terms::numbers(language), letters == Letters::Numbers),
    ];
    let caret = [
        command("left", terms::caret_left(language), "left", 1),
        command("right", terms::caret_right(language), "right", 1),
    ];
    rows.push(match used {
        Use::Text => {
            let ends = [worded("space", &captions.space, 2), worded("ok", &captions.ok, 2)];
            modes.into_iter().chain(caret).chain(ends).collect()
        }
        Use::Kana => caret.into_iter().chain([worded("space", &captions.space, 10)]).collect(),
        Use::Search => modes[..2].iter().cloned().chain([worded("space", &captions.space, 8)]).collect(),
    });
    let rows: Vec<Row> = rows.into_iter().map(|keys| Row { keys: ModelRc::new(VecModel::from(keys)) }).collect();
    ModelRc::new(VecModel::from(rows))
}

/// The rows of a keyboard for names and addresses of machines.
pub(crate) fn host_rows(captions: &Captions) -> ModelRc<Row> {
    let delete = command("delete", &captions.delete, "delete", 2);
    let clear = command("clear", &captions.clear, "clear", 2);
    let rows = [("1234567890", delete), ("qwertyuiop", clear), ("asdfghjkl-", blank(2)), ("zxcvbnm.:/", blank(2))];
    let row = |(letters, end): (&str, Key)| {
        let keys: Vec<Key> = letters.chars().map(|c| key(c, 1)).chain([end]).collect();
        Row { keys: ModelRc::new(VecModel::from(keys)) }
    };
    ModelRc::new(VecModel::from(rows.into_iter().map(row).collect::<Vec<_>>()))
}

/// Hiragana as katakana; anything else as it is.
pub(crate) fn katakana(c: char) -> char {
    match c {
        'ぁ'..='ゖ' | 'ゝ' | 'ゞ' => char::from_u32(c as u32 + 0x60).unwrap_or(c),
        _ => c,
    }
}

/// Katakana as hiragana; anything else as it is.
fn hiragana(c: char) -> char {
    match c {
        'ァ'..='ヶ' | 'ヽ' | 'ヾ' => char::from_u32(c as u32 - 0x60).unwrap_or(c),
        _ => c,
    }
}

/// ASCII as the full-width letters that Japanese forms take.
pub(crate) fn full_width(c: char) -> char {
    match c {
        ' ' => '\u{3000}',
        '!'..='~' => char::from_u32(c as u32 + 0xfee0).unwrap_or(c),
        _ => c,
    }
}

const TURNS: [&str; 3] = [
    // Plain, voiced.
    "かがきぎくぐけげこごさざしじすずせぜそぞただちぢつづてでとどはばひびふぶへべほぼうゔ",
    // Plain, half-voiced.
    "はぱひぴふぷへぺほぽ",
    // Plain, small.
    "あぁいぃうぅえぇおぉつっやゃゆゅよょわゎ",
];

/// The kana that a mark makes of the one before it: `゛`, `゜` or `small`; pressed twice it takes the mark away.
pub(crate) fn marked(c: char, mark: &str) -> Option<char> {
    let table = match mark {
        "゛" => TURNS[0],
        "゜" => TURNS[1],
        "small" => TURNS[2],
        _ => return None,
    };
    let plain = hiragana(c);
    let base = TURNS
        .iter()
        .find_map(|turns| {
            let all: Vec<char> = turns.chars().collect();
            all.chunks(2).find(|pair| pair[1] == plain).map(|pair| pair[0])
        })
        .unwrap_or(plain);
    let all: Vec<char> = table.chars().collect();
    let pair = all.chunks(2).find(|pair| pair[0] == base)?;
    let turned = if plain == pair[1] { pair[0] } else { pair[1] };
    Some(if plain == c { turned } else { katakana(turned) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use slint::Model;

    #[test]
    fn marks_turn_kana_there_and_back() {
        for (c, mark, turned) in [
            ('か', "゛", 'が'),
            ('が', "゛", 'か'),
            ('は', "゜", 'ぱ'),
            ('ば', "゜", 'ぱ'),
            ('ツ', "small", 'ッ'),
            ('ヅ', "small", 'ッ'),
            ('ウ', "゛", 'ヴ'),
        ] {
            assert_eq!(marked(c, mark), Some(turned), "{c}{mark}");
        }
        assert_eq!(marked('ん', "゛"), None);
    }

    #[test]
    fn every_row_has_twelve_columns() {
        for letters in [Letters::Hiragana, Letters::Katakana, Letters::Latin { capitals: true }, Letters::Numbers] {
            for used in [Use::Text, Use::Kana, Use::Search] {
                for row in rows(letters, used, &Captions::default(), Language::Ja).iter() {
                    assert_eq!(row.keys.iter().map(|key| key.columns).sum::<i32>(), 12, "{letters:?} {used:?}");
                }
            }
        }
    }
}
