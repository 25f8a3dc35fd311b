//! The Japanese voice: an HMM voice spoken by jbonsai, and phonemes for Kokoro's Japanese voices.

use crate::{Sound, SpeechError, fault};
use jbonsai::Engine;
use models::Models;
use reading::Japanese;

pub(crate) struct Voice {
    engine: Engine,
}

impl Voice {
    pub fn load(models: &Models) -> Result<Self, SpeechError> {
        let engine = Engine::load(&[models.file("mei.htsvoice")?]).map_err(fault("Japanese"))?;
        Ok(Self { engine })
    }

    pub fn say(&mut self, japanese: &Japanese, text: &str, speed: f32) -> Result<Sound, SpeechError> {
        let labels = japanese.labels(text).map_err(fault("Japanese"))?;
        self.engine.condition.set_speed(f64::from(speed));
        let samples = self.engine.synthesize(labels.as_slice()).map_err(fault("Japanese"))?;
        let rate = u32::try_from(self.engine.condition.get_sampling_frequency()).unwrap_or(48_000);
        Ok(Sound { rate, samples: samples.into_iter().map(|sample| (sample / 32_768.0) as f32).collect() })
    }
}

/// What Kokoro's Japanese voices are given: words apart, moras as they sound.
pub(crate) fn phonemes(japanese: &Japanese, text: &str) -> String {
    let mut out = String::new();
    for word in japanese.words(text) {
        if word.kana.is_empty() {
            match word.surface.chars().next() {
                Some('、' | '，' | ',') => out.push_str(", "),
                Some('。' | '．') => out.push_str(". "),
                Some('？' | '?') => out.push_str("? "),
                _ => {}
            }
            continue;
        }
        if word.content && !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
        let chars: Vec<char> = word.kana.chars().collect();
        let mut at = 0;
        while at < chars.len() {
            let pair: String = chars[at..(at + 2).min(chars.len())].iter().collect();
            if let Some((_, sound)) = MORAS.iter().find(|(kana, _)| *kana == pair) {
                out.push_str(sound);
                at += 2;
                continue;
            }
            let single = chars[at].to_string();
            if let Some((_, sound)) = MORAS.iter().find(|(kana, _)| *kana == single) {
                out.push_str(sound);
            }
            at += 1;
        }
    }
    out.trim().to_owned()
}

/// Moras, the two-letter ones first.
const MORAS: [(&str, &str); 128] = [
    ("キャ", "kʲa"),
    ("キュ", "kʲɯ"),
    ("キョ", "kʲo"),
    ("シャ", "ɕa"),
    ("シュ", "ɕɯ"),
    ("ショ", "ɕo"),
    ("チャ", "ʨa"),
    ("チュ", "ʨɯ"),
    ("チョ", "ʨo"),
    ("ニャ", "ɲa"),
    ("ニュ", "ɲɯ"),
    ("ニョ", "ɲo"),
    ("ヒャ", "ça"),
    ("ヒュ", "çɯ"),
    ("ヒョ", "ço"),
    ("ミャ", "mʲa"),
    ("ミュ", "mʲɯ"),
    ("ミョ", "mʲo"),
    ("リャ", "ɾʲa"),
    ("リュ", "ɾʲɯ"),
    ("リョ", "ɾʲo"),
    ("ギャ", "ɡʲa"),
    ("ギュ", "ɡʲɯ"),
    ("ギョ", "ɡʲo"),
    ("ジャ", "ʥa"),
    ("ジュ", "ʥɯ"),
    ("ジョ", "ʥo"),
    ("ヂャ", "ʥa"),
    ("ヂュ", "ʥɯ"),
    ("ヂョ", "ʥo"),
    ("ビャ", "bʲa"),
    ("ビュ", "bʲɯ"),
    ("ビョ", "bʲo"),
    ("ピャ", "pʲa"),
    ("ピュ", "pʲɯ"),
    ("ピョ", "pʲo"),
    ("ファ", "ɸa"),
    ("フィ", "ɸi"),
    ("フェ", "ɸe"),
    ("フォ", "ɸo"),
    ("ティ", "ti"),
    ("ディ", "di"),
    ("トゥ", "tɯ"),
    ("ドゥ", "dɯ"),
    ("ウィ", "wi"),
    ("ウェ", "we"),
    ("ウォ", "wo"),
    ("シェ", "ɕe"),
    ("ジェ", "ʥe"),
    ("チェ", "ʨe"),
    ("ヴァ", "va"),
    ("ヴィ", "vi"),
    ("ヴェ", "ve"),
    ("ヴォ", "vo"),
    ("ア", "a"),
    ("イ", "i"),
    ("ウ", "ɯ"),
    ("エ", "e"),
    ("オ", "o"),
    ("カ", "ka"),
    ("キ", "kʲi"),
    ("ク", "kɯ"),
    ("ケ", "ke"),
    ("コ", "ko"),
    ("サ", "sa"),
    ("シ", "ɕi"),
    ("ス", "sɨ"),
    ("セ", "se"),
    ("ソ", "so"),
    ("タ", "ta"),
    ("チ", "ʨi"),
    ("ツ", "ʦɨ"),
    ("テ", "te"),
    ("ト", "to"),
    ("ナ", "na"),
    ("ニ", "ɲi"),
    ("ヌ", "nɯ"),
    ("ネ", "ne"),
    ("ノ", "no"),
    ("ハ", "ha"),
    ("ヒ", "çi"),
    ("フ", "ɸɯ"),
    ("ヘ", "he"),
    ("ホ", "ho"),
    ("マ", "ma"),
    ("ミ", "mʲi"),
    ("ム", "mɯ"),
    ("メ", "me"),
    ("モ", "mo"),
    ("ヤ", "ja"),
    ("ユ", "jɯ"),
    ("ヨ", "jo"),
    ("ラ", "ɾa"),
    ("リ", "ɾʲi"),
    ("ル", "ɾɯ"),
    ("レ", "ɾe"),
    ("ロ", "ɾo"),
    ("ワ", "wa"),
    ("ヲ", "o"),
    ("ン", "ɴ"),
    ("ガ", "ɡa"),
    ("ギ", "ɡʲi"),
    ("グ", "ɡɯ"),
    ("ゲ", "ɡe"),
    ("ゴ", "ɡo"),
    ("ザ", "ʣa"),
    ("ジ", "ʥi"),
    ("ズ", "zɨ"),
    ("ゼ", "ʣe"),
    ("ゾ", "ʣo"),
    ("ダ", "da"),
    ("ヂ", "ʥi"),
    ("ヅ", "zɨ"),
    ("デ", "de"),
    ("ド", "do"),
    ("バ", "ba"),
    ("ビ", "bʲi"),
    ("ブ", "bɯ"),
    ("ベ", "be"),
    ("ボ", "bo"),
    ("パ", "pa"),
    ("ピ", "pʲi"),
    ("プ", "pɯ"),
    ("ペ", "pe"),
    ("ポ", "po"),
    ("ヴ", "vɯ"),
    ("ー", "ː"),
    ("ッ", "ʔ"),
];
