//! Texts brought into one shape before they are compared.

use domain::Language;
use unicode_normalization::UnicodeNormalization;

/// Compatibility forms resolved, lower case, punctuation as spaces, runs of spaces as one.
pub fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkc().flat_map(char::to_lowercase) {
        match c {
            // A mark inside a number or a word belongs to it.
            '\'' | '’' => {}
            c if c.is_alphanumeric() || matches!(c, 'ー' | '々' | '%') => out.push(c),
            _ if !out.ends_with(' ') && !out.is_empty() => out.push(' '),
            _ => {}
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// What people say while they think, and the courtesies around a question; of two that end or begin alike, the longer first.
fn fillers(language: Language) -> &'static [&'static str] {
    match language {
        Language::Ja => &[
            "すみませんが",
            "すみません",
            "すいません",
            "えーっと",
            "ええっと",
            "えーと",
            "えっとね",
            "えっと",
            "えと",
            "あのー",
            "あのう",
            "あの",
            "そのー",
            "うーんと",
            "うーん",
            "んーと",
            "まあ",
            "なんか",
            "ちょっと聞きたいんですけど",
            "ちょっとお聞きしたいのですが",
            "お尋ねしますが",
            "ねえねえ",
            "ねえ",
            "お忙しいところ",
            "恐れ入りますが",
            "申し訳ありませんが",
            "申し訳ないのですが",
            "ちょっといいですか",
            "ちょっと伺いますが",
            "お伺いしますが",
            "お聞きしますが",
            "お伺いしたいのですが",
            "お聞きしたいのですが",
            "聞きたいんですけど",
            "知りたいのですが",
            "知りたいんですけど",
            "教えていただけますでしょうか",
            "教えていただけませんか",
            "教えていただけますか",
            "教えてもらえませんか",
            "教えてもらえますか",
            "教えてほしいんですけど",
            "教えてほしいのですが",
            "教えてくれませんか",
            "教えてくれますか",
            "教えてくれんけ",
            "教えてください",
            "教えて下さい",
            "教えて",
        ],
        Language::En => &[
            "excuse me",
            "um",
            "uh",
            "er",
            "erm",
            "hmm",
            "well",
            "like",
            "you know",
            "hi there",
            "hello",
            "please",
            "sorry to bother you but",
            "sorry to bother you",
            "sorry",
            "pardon me",
            "could you please tell me",
            "can you please tell me",
            "could you kindly tell me",
            "would you mind telling me",
            "do you happen to know",
            "could you tell me",
            "can you tell me",
            "i was just wondering",
            "i was wondering",
            "just wondering",
            "quick question",
            "i have a question",
            "i want to know",
            "i need to know",
            "id like to know",
            "id like to ask",
            "may i ask",
            "can i ask",
        ],
        Language::ZhHans => &[
            "不好意思",
            "请问一下",
            "请问",
            "那个",
            "嗯",
            "呃",
            "这个嘛",
            "打扰一下",
            "打扰了",
            "打听一下",
            "麻烦问一下",
            "劳驾",
            "你好",
            "您好",
            "我想请问一下",
            "我想请问",
            "我想问一下",
            "我想问问",
            "我想知道",
            "能不能告诉我",
            "可以告诉我",
            "能告诉我",
            "请告诉我",
        ],
        Language::Ko => &[
            "저기요",
            "저기",
            "실례합니다",
            "음",
            "어",
            "그",
            "혹시",
            "죄송한데",
            "죄송하지만",
            "죄송합니다만",
            "실례지만",
            "안녕하세요",
            "여쭤볼 게 있는데요",
            "여쭤봐도 될까요",
            "물어봐도 될까요",
            "알 수 있을까요",
            "알고 싶은데요",
            "알고 싶어요",
            "궁금해요",
            "궁금합니다",
            "가르쳐 주세요",
            "가르쳐주세요",
            "알려 주실 수 있나요",
            "알려 주시겠어요",
            "알려 주세요",
            "알려주세요",
        ],
    }
}

/// A normal text without the sounds of thinking and the courtesies before a question. What would be left empty stays whole.
pub fn without_fillers(language: Language, text: &str) -> String {
    let spaced = matches!(language, Language::En | Language::Ko);
    let mut rest = text.trim();
    loop {
        let before = rest;
        for filler in fillers(language) {
            if let Some(after) = rest.strip_prefix(filler)
                && (!spaced || after.starts_with(' ') || after.is_empty())
            {
                rest = after.trim_start();
            }
            if let Some(lead) = rest.strip_suffix(filler)
                && (!spaced || lead.ends_with(' ') || lead.is_empty())
            {
                rest = lead.trim_end();
            }
        }
        if rest == before {
            break;
        }
    }
    if rest.is_empty() { text.trim().to_owned() } else { rest.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_letters_and_marks_are_made_one() {
        assert_eq!(normal("　Ｗｉ－Ｆｉ、ありますか？"), "wi fi ありますか");
        assert_eq!(normal("What's the fee?"), "whats the fee");
    }

    #[test]
    fn thinking_aloud_is_dropped_but_never_everything() {
        assert_eq!(without_fillers(Language::Ja, "えーと あの トイレはどこ"), "トイレはどこ");
        assert_eq!(without_fillers(Language::En, "um excuse me where is the toilet please"), "where is the toilet");
        assert_eq!(without_fillers(Language::Ja, "すみません"), "すみません");
        assert_eq!(without_fillers(Language::En, "umbrella"), "umbrella");
        let polite = "お忙しいところ恐れ入りますが トイレの場所を教えていただけますか";
        assert_eq!(without_fillers(Language::Ja, polite), "トイレの場所を");
        let polite = "sorry to bother you but could you please tell me where the toilet is";
        assert_eq!(without_fillers(Language::En, polite), "where the toilet is");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_brought_into_shape(text in "\\PC*") {
            let once = normal(&text);
            proptest::prop_assert_eq!(&normal(&once), &once);
            for language in Language::ALL {
                let _ = without_fillers(language, &once);
            }
        }
    }
}
