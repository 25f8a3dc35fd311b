//! The languages of the kiosk, and texts that exist in each of them.

use serde::{Deserialize, Serialize};

/// A language of the kiosk. Japanese first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    /// Japanese.
    #[default]
    #[serde(rename = "ja")]
    Ja,
    /// English.
    #[serde(rename = "en")]
    En,
    /// Simplified Chinese.
    #[serde(rename = "zh-Hans")]
    ZhHans,
    /// Korean.
    #[serde(rename = "ko")]
    Ko,
}

impl Language {
    /// All languages, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Ja, Self::En, Self::ZhHans, Self::Ko];

    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
            Self::ZhHans => "zh-Hans",
            Self::Ko => "ko",
        }
    }

    /// The language's name for itself.
    pub fn endonym(self) -> &'static str {
        match self {
            Self::Ja => "日本語",
            Self::En => "English",
            Self::ZhHans => "简体中文",
            Self::Ko => "한국어",
        }
    }
}

/// A text in every language. Japanese is required and stands in where another is missing; it may carry furigana
/// in the notation of [`crate::ruby`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Localized {
    /// Japanese.
    pub ja: String,
    /// English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
    /// Simplified Chinese.
    #[serde(default, rename = "zh-Hans", skip_serializing_if = "Option::is_none")]
    pub zh_hans: Option<String>,
    /// Korean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ko: Option<String>,
}

impl Localized {
    /// The text in `language`, or in Japanese where that is missing.
    pub fn get(&self, language: Language) -> &str {
        let chosen = match language {
            Language::Ja => None,
            Language::En => self.en.as_deref(),
            Language::ZhHans => self.zh_hans.as_deref(),
            Language::Ko => self.ko.as_deref(),
        };
        chosen.unwrap_or(&self.ja)
    }

    /// The languages in which the text is missing.
    pub fn missing(&self) -> Vec<Language> {
        let gaps = [(Language::En, &self.en), (Language::ZhHans, &self.zh_hans), (Language::Ko, &self.ko)];
        gaps.into_iter().filter(|(_, text)| text.is_none()).map(|(language, _)| language).collect()
    }
}
