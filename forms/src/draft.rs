//! Starting a form's folder: a first `form.toml` for a PDF that the municipality has.
//!
//! Places come from the PDF's own input fields, or else from its printed labels and the empty boxes beside them. It is
//! a draft: staff look at it, and what is not certain is left to them as a comment.

use crate::check::room;
use crate::form::{Box4, FormError, MM, era_id};
use crate::number::{names_number, plain};
use crate::original::{Original, PdfFault, inherited, rectangle};
use crate::printed::{Glyph, Printed, holds, inset, look};
use domain::wareki::Era;
use lopdf::{Dictionary, Document, Object};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use unicode_normalization::UnicodeNormalization;

/// Why no form was started.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// There is such a folder already, and it is not empty.
    #[error("{0} は空ではありません")]
    Exists(PathBuf),
    /// The folder's name, which becomes the form's id, is no name.
    #[error("{0} は様式の名前にできません")]
    Name(PathBuf),
    /// A file cannot be read or written.
    #[error("{path} を読み書きできません（{source}）")]
    File {
        /// Which file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The PDF cannot be a form.
    #[error("{path}: {fault}")]
    Pdf {
        /// Which file.
        path: PathBuf,
        /// What is the matter with it.
        fault: PdfFault,
    },
    /// The draft itself cannot be read again: a fault of this program.
    #[error("下書きが正しくありません: {0}")]
    Draft(#[from] FormError),
}

/// What a draft was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drafted {
    /// Places that are filled in already.
    pub fields: usize,
    /// Places that are left to staff, as comments.
    pub hints: usize,
    /// Pages that are pictures, whose text cannot be read.
    pub pictures: usize,
}

/// Starts a form: copies the PDF into a new folder and writes a `form.toml` that loads at once.
///
/// # Errors
/// When the folder is there already, a file cannot be read or written, or the PDF cannot be a form. No file is ever
/// overwritten.
pub fn start(pdf: &Path, folder: &Path) -> Result<Drafted, NewError> {
    let file = |path: &Path| {
        let path = path.to_owned();
        |source| NewError::File { path, source }
    };
    let id = folder.file_name().and_then(|name| name.to_str()).filter(|name| !name.trim().is_empty());
    let id = id.ok_or_else(|| NewError::Name(folder.to_owned()))?;
    let bytes = std::fs::read(pdf).map_err(file(pdf))?;
    let (text, drafted) = draft(&bytes, id, pdf).map_err(|fault| NewError::Pdf { path: pdf.to_owned(), fault })?;
    let toml = folder.join("form.toml");
    crate::form::Form::parse(&toml, &text, |_| Ok(bytes.clone()))?;
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(NewError::Exists(folder.to_owned()));
    }
    std::fs::create_dir_all(folder).map_err(file(folder))?;
    for (path, bytes) in [(folder.join("form.pdf"), bytes.as_slice()), (toml, text.as_bytes())] {
        let mut new = std::fs::File::create_new(&path).map_err(file(&path))?;
        new.write_all(bytes).and_then(|()| new.sync_all()).map_err(file(&path))?;
    }
    Ok(drafted)
}

/// The text of a draft.
fn draft(bytes: &[u8], id: &str, from: &Path) -> Result<(String, Drafted), PdfFault> {
    let original = Original::read(bytes)?;
    let pages = look(bytes, &original);
    let inputs = inputs(&original);
    let mut draft =
        Draft { covered: inputs.iter().map(|input| (input.page, input.rect)).collect(), ..Draft::default() };
    draft.take_inputs(&inputs, &pages);
    let mut pictures = Vec::new();
    for (at, page) in pages.iter().enumerate() {
        let Some(page) = page else { continue };
        if page.picture {
            pictures.push(at + 1);
            draft.picture(at + 1, page);
        } else {
            draft.read_labels(at + 1, page);
        }
    }
    draft.settle();
    let drafted = Drafted { fields: draft.fields.len(), hints: draft.hints.len(), pictures: pictures.len() };
    let name = from.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let title = pages.first().and_then(Option::as_ref).and_then(title);
    let title = title.or_else(|| Some(from.file_stem()?.to_string_lossy().into_owned())).unwrap_or_else(|| id.into());
    let source = if inputs.is_empty() {
        "印刷された項目名と枠"
    } else {
        "PDFの入力欄と、印刷された項目名"
    };
    let mut text = format!(
        "# {source}から作った下書きです。枠の位置と値の名前を確かめてください（書き方: forms/FORMAT.md）。\n\
         # 確かめる: kiosk forms check {id}\n\
         # 長さは mm、ページの左上からの [左, 上, 幅, 高さ] です。\n\
         schema = 1\n\n[form]\nid = {}\ntitle = {{ ja = {} }}\npdf = \"form.pdf\"\nsource = {}\n",
        quoted(id),
        quoted(&title),
        quoted(&name),
    );
    if !pictures.is_empty() {
        let list = pictures.iter().map(usize::to_string).collect::<Vec<_>>().join("、");
        let _ = write!(
            text,
            "\n# {list}ページ目は画像（スキャンなど）で、印刷された文字を読み取れません。\n\
             # 氏名・住所・生年月日・性別の枠と、線で囲まれた空いた枠を、下に候補として並べました。\n\
             # 元の文書（WordやExcel）から作ったPDFなら、項目名も読み取れます。\n",
        );
    }
    if drafted.fields + drafted.hints == 0 {
        text += "\n# 項目名も枠も見つかりませんでした。[[field]] を一つずつ書いてください。例:\n\
                 # [[field]]\n# value = \"name\"\n# box = [50.0, 60.0, 80.0, 8.0]\n";
    }
    for part in draft.questions.iter().chain(&draft.fields) {
        text.push('\n');
        text += part;
    }
    if drafted.hints > 0 {
        text += "\n# ここから下は候補です。使うものは値の名前を書き、行の頭の「# 」を取ってください。\n";
        text += "# name、address、birth_date、sex、today、signature のほかの値には [[question]] が要ります。\n";
    }
    for part in &draft.hints {
        text.push('\n');
        for line in part.lines() {
            let _ = writeln!(text, "# {line}");
        }
    }
    Ok((text, drafted))
}

/// A TOML string.
fn quoted(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    toml::Value::String(plain).to_string()
}

/// A text for a comment: one line, not too long.
fn remark(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

fn place(rect: Box4) -> String {
    format!("[{:.1}, {:.1}, {:.1}, {:.1}]", rect[0], rect[1], rect[2], rect[3])
}

/// Values that the kiosk knows by the labels that forms give them; the first that is found in a label counts.
const KNOWN: [(&str, &[&str]); 10] = [
    ("name_kana", &["フリガナ", "ふりがな", "カナ氏名", "氏名カナ"]),
    ("head_of_household", &["世帯主"]),
    ("birth_date", &["生年月日"]),
    ("phone", &["電話番号", "電話", "連絡先"]),
    ("postcode", &["郵便番号"]),
    ("sex", &["性別"]),
    ("address", &["住所"]),
    ("name", &["氏名", "名前"]),
    ("today", &["申請日", "届出日", "請求日", "申請年月日", "届出年月日", "請求年月日", "記入日"]),
    ("signature", &["署名", "自署"]),
];
/// Labels with these are somebody else's, or another one of two.
const OTHERS: [&str; 26] = [
    "代理",
    "委任",
    "法人",
    "代表",
    "職員",
    "前住所",
    "旧住所",
    "新住所",
    "新しい",
    "転出",
    "転入",
    "印鑑",
    "子の",
    "相手",
    "送付先",
    "メール",
    "会社",
    "勤務先",
    "学校",
    "事業所",
    "緊急",
    "配偶者",
    "保護者",
    "口座",
    "続柄",
    "本籍",
];
/// The same in Latin letters: all words of one of these stand in the label.
const KNOWN_WORDS: [(&str, &[&[&str]]); 10] = [
    ("name_kana", &[&["kana"], &["furigana"], &["katakana"]]),
    ("head_of_household", &[&["head", "household"], &["householder"], &["setainushi"]]),
    (
        "birth_date",
        &[&["date", "birth"], &["birth"], &["birthdate"], &["birthday"], &["dateofbirth"], &["dob"], &["seinengappi"]],
    ),
    (
        "phone",
        &[
            &["phone", "number"],
            &["telephone", "number"],
            &["phone"],
            &["telephone"],
            &["tel"],
            &["mobile"],
            &["denwa"],
        ],
    ),
    (
        "postcode",
        &[
            &["postal", "code"],
            &["post", "code"],
            &["zip", "code"],
            &["postcode"],
            &["postalcode"],
            &["zipcode"],
            &["zip"],
            &["yubin"],
        ],
    ),
    ("sex", &[&["sex"], &["gender"], &["seibetsu"]]),
    ("address", &[&["address"], &["jusho"], &["juusho"]]),
    ("name", &[&["full", "name"], &["fullname"], &["name"], &["shimei"], &["namae"]]),
    ("today", &[&["application", "date"], &["date", "signed"], &["today"]]),
    ("signature", &[&["signature"], &["signed"]]),
];
/// Labels with one of these words are somebody else's, another one of two, or a part only.
const OTHER_WORDS: [&str; 48] = [
    "email",
    "mail",
    "company",
    "employer",
    "organization",
    "organisation",
    "office",
    "school",
    "bank",
    "account",
    "branch",
    "user",
    "file",
    "login",
    "spouse",
    "husband",
    "wife",
    "child",
    "father",
    "mother",
    "parent",
    "guardian",
    "proxy",
    "agent",
    "representative",
    "emergency",
    "previous",
    "former",
    "old",
    "new",
    "last",
    "first",
    "family",
    "given",
    "middle",
    "maiden",
    "surname",
    "nickname",
    "building",
    "street",
    "city",
    "country",
    "place",
    "card",
    "fax",
    "witness",
    "ip",
    "web",
];
/// Words that say nothing of what belongs there.
const EMPTY_WORDS: [&str; 24] = [
    "txt",
    "text",
    "field",
    "fld",
    "input",
    "box",
    "the",
    "of",
    "your",
    "please",
    "enter",
    "applicant",
    "s",
    "in",
    "and",
    "form",
    "page",
    "topmostsubform",
    "subform",
    "undefined",
    "untitled",
    "check",
    "group",
    "button",
];
/// Labels of what staff fill in.
const STAFF: [&str; 12] =
    ["職員", "受付", "交付", "決裁", "処理", "入力", "確認", "領収", "有料", "無料", "使用欄", "備考"];

/// The value that a label names, and how much of the label is something else.
fn known(label: &str) -> Option<(&'static str, usize)> {
    // A label is short; a sentence that mentions an address is none.
    const SENTENCE: usize = 14;
    let text = plain(label);
    if names_number(&text) || OTHERS.iter().any(|other| text.contains(other)) {
        return None;
    }
    let japanese: String = text.chars().filter(|c| !c.is_ascii()).collect();
    let found = if japanese.is_empty() {
        known_words(label)
    } else {
        KNOWN.iter().find_map(|(value, names)| {
            let name = names.iter().find(|name| japanese.contains(**name))?;
            Some((*value, japanese.chars().count() - name.chars().count()))
        })
    };
    found.filter(|(_, rest)| *rest <= SENTENCE)
}

fn known_words(label: &str) -> Option<(&'static str, usize)> {
    if plain(label) == "date" {
        return Some(("today", 0));
    }
    let words = words(label);
    if words.iter().any(|word| OTHER_WORDS.contains(&word.as_str())) {
        return None;
    }
    KNOWN_WORDS.iter().find_map(|(value, names)| {
        let holds = |name: &&&[&str]| name.iter().all(|part| words.iter().any(|word| word == part));
        let name = names.iter().find(holds)?;
        let letters = |word: &String| if name.contains(&word.as_str()) { 0 } else { word.len() };
        Some((*value, words.iter().map(letters).sum()))
    })
}

/// The words of a label in Latin letters, or of a name as programmers write it: `txtPostalCode_1` is `postal`, `code`.
fn words(label: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in label.nfkc() {
        let joins = c.is_alphabetic() && before.is_alphabetic() && !(c.is_uppercase() && before.is_lowercase());
        match words.last_mut() {
            Some(word) if joins => word.extend(c.to_lowercase()),
            _ if c.is_alphabetic() => words.push(c.to_lowercase().collect()),
            _ => {}
        }
        before = c;
    }
    words.retain(|word| !EMPTY_WORDS.contains(&word.as_str()));
    words
}

/// Which sex a choice says.
fn sex_of(text: &str) -> Option<&'static str> {
    Some(match plain(text).as_str() {
        "男" | "男性" | "male" | "man" | "m" => "male",
        "女" | "女性" | "female" | "woman" | "f" => "female",
        "その他" | "other" => "other",
        _ => return None,
    })
}

/// Which era a choice says.
fn era_of(text: &str) -> Option<Era> {
    let text = plain(text);
    let same = |era: &Era| {
        let name = era.name();
        let first: String = name.chars().take(1).collect();
        [name, &first, era_id(*era), &era.letter().to_lowercase().to_string()].contains(&text.as_str())
    };
    Era::ALL.into_iter().find(same)
}

/// The questions that known values need, in the kiosk's four languages; whether an answer is needed, staff decide.
fn known_question(value: &str) -> Option<&'static str> {
    Some(match value {
        "name_kana" => {
            "label = { ja = \"お名前《なまえ》のフリガナを入力《にゅうりょく》してください\", en = \"How is your name read? (katakana)\", \"zh-Hans\" = \"请输入姓名的片假名读音\", ko = \"이름의 가타카나 읽기를 입력해 주세요\" }\nanswer = { kind = \"kana\", max = 40 }\noptional = true"
        }
        "phone" => {
            "label = { ja = \"日中《にっちゅう》につながる電話番号《でんわばんごう》を入力《にゅうりょく》してください\", en = \"Which telephone number reaches you in the daytime?\", \"zh-Hans\" = \"请输入白天可以联系到您的电话号码\", ko = \"낮에 연락 가능한 전화번호를 입력해 주세요\" }\nanswer = { kind = \"phone\" }\noptional = true"
        }
        "postcode" => {
            "label = { ja = \"郵便番号《ゆうびんばんごう》を入力《にゅうりょく》してください\", en = \"What is your postcode?\", \"zh-Hans\" = \"请输入邮政编码\", ko = \"우편번호를 입력해 주세요\" }\nanswer = { kind = \"postcode\" }\noptional = true"
        }
        "head_of_household" => {
            "label = { ja = \"世帯主《せたいぬし》のお名前《なまえ》を入力《にゅうりょく》してください\", en = \"Who is the head of the household?\", \"zh-Hans\" = \"请输入户主姓名\", ko = \"세대주의 이름을 입력해 주세요\" }\nanswer = { kind = \"text\", max = 40 }\noptional = true"
        }
        _ => return None,
    })
}

/// An input field of the PDF.
struct Input {
    name: String,
    /// What it is called for people.
    tip: Option<String>,
    page: usize,
    rect: Box4,
    kind: InputKind,
}

enum InputKind {
    Text {
        most: Option<usize>,
        comb: bool,
        lines: usize,
    },
    /// A button that is on for this choice, and the choice's name for people; several of one name are one question.
    Choice(String, Option<String>),
    /// A list of which one is written.
    List(Vec<String>),
    Signature,
}

impl Input {
    fn choice(&self) -> Option<&str> {
        match &self.kind {
            InputKind::Choice(on, name) => Some(name.as_deref().unwrap_or(on)),
            _ => None,
        }
    }

    /// The rest of its `[[field]]`; `choice` is the id and the words of a button.
    fn rest(&self, value: &str, choice: Option<&(String, String)>) -> String {
        let mut rest = format!("box = {}", place(self.rect));
        match &self.kind {
            InputKind::Signature => rest += "\nfit = \"signature\"",
            InputKind::List(_) => {}
            InputKind::Choice(..) => {
                let (id, words) = choice.map_or(("", ""), |(id, words)| (id, words));
                let when = sex_of(words).or_else(|| sex_of(id)).filter(|_| value == "sex").unwrap_or(id);
                let _ = write!(rest, "\nfit = \"tick\"\nwhen = {}", quoted(when));
            }
            InputKind::Text { comb: true, most: Some(most), .. } => {
                let _ = write!(rest, "\nfit = \"cells\"\ncount = {most}");
            }
            InputKind::Text { lines, .. } => {
                if matches!(value, "birth_date" | "today") {
                    rest += "\nfit = \"date\"";
                }
                if *lines > 1 {
                    let _ = write!(rest, "\nlines = {lines}");
                }
            }
        }
        rest
    }
}

/// The input fields of one name: the places of one value.
struct Asked<'a> {
    inputs: Vec<&'a Input>,
    /// The printed label nearest to the first of them.
    beside: Option<String>,
}

impl<'a> Asked<'a> {
    fn of(input: &'a Input, beside: Option<String>) -> Self {
        Self { inputs: vec![input], beside }
    }

    fn marks(&self) -> bool {
        matches!(self.inputs[0].kind, InputKind::Choice(..))
    }

    /// What it is called in the PDF, plainest first: for people, by the end of its name, by the whole of it.
    fn names(&self) -> impl Iterator<Item = &str> {
        let input = self.inputs[0];
        let end = input.name.rsplit('.').next();
        input.tip.as_deref().into_iter().chain(end).chain([input.name.as_str()])
    }

    /// All that may say what belongs there. What is printed beside it counts only where its own names say nothing.
    fn labels(&self) -> impl Iterator<Item = &str> {
        let own = self.names().any(|name| known(name).is_some());
        self.names().chain(self.beside.as_deref().filter(|_| !own))
    }

    /// What people may call it.
    fn label(&self) -> String {
        let says = |name: &&str| !words(name).is_empty();
        let named = self.names().find(says).or(self.beside.as_deref());
        named.unwrap_or(&self.inputs[0].name).to_owned()
    }

    /// The value that it may have, and how sure that is: how much else its label says, and whether that is its own.
    fn claim(&self) -> Option<(&'static str, (usize, usize))> {
        if self.says_sex() {
            return Some(("sex", (0, 0)));
        }
        let labels = self.names().map(|name| (name, 0)).chain(self.beside.as_deref().map(|label| (label, 1)));
        let mut found =
            labels.filter_map(|(label, far)| known(label).map(|(value, rest)| (value, (far * 2 + rest, far))));
        let found = found.next();
        match self.inputs[0].kind {
            InputKind::Signature => Some(("signature", (0, 0))),
            InputKind::Text { .. } => found.filter(|(value, _)| *value != "signature"),
            InputKind::List(_) => found.filter(|(value, _)| *value == "sex"),
            InputKind::Choice(..) => None,
        }
    }

    /// Buttons for 男 and 女: by what they are on for, by their name, or by what the field is called.
    fn says_sex(&self) -> bool {
        let sexes: Vec<&str> = self.inputs.iter().filter_map(|input| sex_of(input.choice()?)).collect();
        let both = sexes.contains(&"male") && sexes.contains(&"female");
        let named = self.labels().any(|label| known(label).is_some_and(|(value, _)| value == "sex"));
        self.marks() && (both || named || self.own_sex().is_some())
    }

    /// The sex that a single button is named for: `男`, `性別_男`, `sex.male`.
    fn own_sex(&self) -> Option<&'static str> {
        let [input] = self.inputs[..] else { return None };
        let end = input.name.rsplit(|c: char| !c.is_alphanumeric()).next()?;
        // A bare letter may mean anything.
        input
            .tip
            .as_deref()
            .and_then(sex_of)
            .or_else(|| sex_of(end))
            .filter(|_| end.chars().count() > 1 || !end.is_ascii())
    }

    /// The id and the words of each button, in order.
    fn choices(&self, after: impl Fn(&Input) -> Option<String>) -> Vec<(String, String)> {
        if !self.marks() {
            return Vec::new();
        }
        let several = self.inputs.len() > 1;
        let mut choices: Vec<(String, String)> = Vec::new();
        for (n, input) in self.inputs.iter().enumerate() {
            let InputKind::Choice(on, name) = &input.kind else { continue };
            let dull = on.is_empty()
                || matches!(on.to_lowercase().as_str(), "yes" | "on" | "true")
                || on.parse::<u32>().is_ok();
            let printed = after(input).filter(|words| !words.is_empty());
            let own = self.own_sex().map(str::to_owned);
            let words = name
                .clone()
                .or(own)
                .or((!dull).then(|| on.clone()))
                .or(printed)
                .or_else(|| (!on.is_empty()).then(|| on.clone()));
            let id = match on.as_str() {
                // A button without a look of its own has no name for being on.
                "" if several => (n + 1).to_string(),
                "" => "yes".into(),
                on => choice_id(on),
            };
            let words = words.unwrap_or_else(|| if several { id.clone() } else { self.label() });
            choices.push((id, words));
        }
        // A single box is called what its field is called, rather than "Yes".
        if let [(_, words)] = choices.as_mut_slice()
            && matches!(words.to_lowercase().as_str(), "yes" | "on" | "true" | "1")
        {
            *words = self.label();
        }
        choices
    }
}

/// A choice's id: the answers to a question are joined by commas.
fn choice_id(text: &str) -> String {
    text.trim().replace(',', "、")
}

/// What a field's name says of a date: the name without it, and whether it is the year (0), the month or the day.
fn date_part(name: &str) -> Option<(String, usize)> {
    const WORDS: [&[&str]; 3] = [&["year", "yyyy", "yy", "nen"], &["month", "mm", "tsuki"], &["day", "dd", "hi"]];
    let kanji = name.char_indices().rev().find(|(_, c)| matches!(c, '年' | '月' | '日'));
    if let Some((at, c)) = kanji {
        let (base, after) = (&name[..at], &name[at + c.len_utf8()..]);
        let part = ['年', '月', '日'].iter().position(|part| *part == c)?;
        let counted = after.chars().all(|c| c.is_ascii_digit() || !c.is_alphanumeric());
        return counted.then(|| (format!("{base}{after}"), part));
    }
    let lower = name.to_ascii_lowercase();
    WORDS.iter().enumerate().find_map(|(part, words)| {
        let word = words.iter().find(|word| lower.ends_with(**word))?;
        let (base, end) = name.split_at(name.len() - word.len());
        let apart = base.is_empty()
            || base.ends_with(|c: char| !c.is_alphanumeric())
            || end.starts_with(|c: char| c.is_uppercase());
        apart.then(|| (base.to_owned(), part))
    })
}

/// The printed label of a place: the nearest left of it, or above it.
fn beside(groups: &[Group], place: Box4) -> Option<String> {
    const LEFT: f32 = 60.0;
    const ABOVE: f32 = 10.0;
    let lines = groups.iter().flat_map(|group| &group.lines).filter(|line| !line.plain.is_empty());
    let away = |line: &Line| {
        let [x, y, width, height] = line.rect;
        let middle = y + height / 2.0;
        let left = place[0] - x - width;
        if (-1.5..LEFT).contains(&left) && (place[1] - 1.0..place[1] + place[3] + 1.0).contains(&middle) {
            return Some(left.max(0.0));
        }
        let above = place[1] - y - height;
        let shared = (x + width).min(place[0] + place[2]) - x.max(place[0]);
        // A label above is a second choice: what stands there often belongs to the line above.
        ((-1.5..ABOVE).contains(&above) && shared > 0.3 * width.min(place[2])).then(|| above.max(0.0) * 2.0 + 4.0)
    };
    let nearest = lines.filter_map(|line| Some((away(line)?, line))).min_by(|a, b| a.0.total_cmp(&b.0));
    nearest.map(|(_, line)| line.text.clone())
}

/// The input fields that people fill in, page by page.
fn inputs(original: &Original) -> Vec<Input> {
    let document = &original.document;
    let mut inputs = Vec::new();
    for (at, page) in original.pages.iter().enumerate() {
        let annotations =
            document.get_dictionary(page.id).and_then(|page| page.get_deref(b"Annots", document)?.as_array());
        for widget in annotations.into_iter().flatten() {
            let Ok(widget) = document.dereference(widget).and_then(|(_, found)| found.as_dict()) else { continue };
            if widget.get(b"Subtype").and_then(Object::as_name).ok() != Some(b"Widget") {
                continue;
            }
            let Some(rect) = widget.get_deref(b"Rect", document).ok().and_then(|rect| rectangle(document, rect)) else {
                continue;
            };
            let rect = page.seen(rect).map(|points| points * MM);
            if let Some(kind) = input_kind(document, widget, rect)
                && rect.iter().all(|side| *side >= 0.0)
                && rect[2] > 0.5
                && rect[3] > 0.5
            {
                let name = full_name(document, widget);
                let tip = inherited(document, widget, b"TU").and_then(|tip| lopdf::decode_text_string(tip).ok());
                let tip = tip.filter(|tip| !tip.trim().is_empty());
                inputs.push(Input { name, tip, page: at + 1, rect, kind });
            }
        }
    }
    inputs
}

fn input_kind(document: &Document, widget: &Dictionary, rect: Box4) -> Option<InputKind> {
    const READ_ONLY: i64 = 1;
    const MULTILINE: i64 = 1 << 12;
    const PUSHBUTTON: i64 = 1 << 16;
    const COMB: i64 = 1 << 24;
    const HIDDEN: i64 = 2;
    let number = |key: &[u8]| inherited(document, widget, key).and_then(|number| number.as_i64().ok());
    let flags = number(b"Ff").unwrap_or(0);
    let hidden = widget.get(b"F").and_then(Object::as_i64).unwrap_or(0) & HIDDEN != 0;
    if flags & READ_ONLY != 0 || hidden {
        return None;
    }
    match inherited(document, widget, b"FT")?.as_name().ok()? {
        b"Ch" => {
            let options = inherited(document, widget, b"Opt").and_then(|options| options.as_array().ok());
            let options: Vec<String> =
                options.into_iter().flatten().filter_map(|option| option_text(document, option)).take(200).collect();
            let none = InputKind::Text { most: None, comb: false, lines: 1 };
            Some(if options.is_empty() { none } else { InputKind::List(options) })
        }
        b"Tx" => {
            let most =
                number(b"MaxLen").and_then(|most| usize::try_from(most).ok()).filter(|most| (1..=1000).contains(most));
            let lines = if flags & MULTILINE != 0 { ((rect[3] / 5.0) as usize).clamp(1, 40) } else { 1 };
            Some(InputKind::Text { most, comb: flags & COMB != 0 && most.is_some(), lines })
        }
        b"Btn" if flags & PUSHBUTTON == 0 => {
            let looks = widget.get_deref(b"AP", document).and_then(Object::as_dict);
            let states = looks.and_then(|looks| looks.get_deref(b"N", document)?.as_dict());
            let on =
                states.ok().and_then(|states| states.iter().map(|(state, _)| state).find(|state| *state != b"Off"));
            let on = on.map_or_else(String::new, |on| String::from_utf8_lossy(on).into_owned());
            // Radio buttons may number their states, and say in a list what each stands for.
            let names = inherited(document, widget, b"Opt").and_then(|names| names.as_array().ok());
            let name =
                names.zip(on.parse::<usize>().ok()).and_then(|(names, at)| option_text(document, names.get(at)?));
            Some(InputKind::Choice(on, name))
        }
        b"Sig" => Some(InputKind::Signature),
        _ => None,
    }
}

/// What a list shows for one of its options: the option, or the second of its two names (ISO 32000-1, 12.7.4.4).
fn option_text(document: &Document, option: &Object) -> Option<String> {
    let (_, option) = document.dereference(option).ok()?;
    let shown = match option {
        Object::Array(names) => document.dereference(names.last()?).ok()?.1,
        other => other,
    };
    let text = lopdf::decode_text_string(shown).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The names of a field and of all above it, joined by `.`.
fn full_name(document: &Document, widget: &Dictionary) -> String {
    let mut names = Vec::new();
    let mut node = Some(widget);
    for _ in 0..16 {
        let Some(dict) = node else { break };
        names.extend(dict.get_deref(b"T", document).ok().and_then(|name| lopdf::decode_text_string(name).ok()));
        node = dict.get_deref(b"Parent", document).ok().and_then(|parent| parent.as_dict().ok());
    }
    names.reverse();
    names.join(".")
}

/// A label on a page and the place that it names.
struct Match {
    value: &'static str,
    label: String,
    /// What decides between several of one value: how much else the label says, then where it stands.
    rank: (usize, usize, i32),
    page: usize,
    parts: Vec<String>,
}

#[derive(Default)]
struct Draft {
    questions: Vec<String>,
    fields: Vec<String>,
    hints: Vec<String>,
    matches: Vec<Match>,
    others: Vec<Other>,
    /// Where the PDF has input fields, page by page: labels beside these are not looked at again.
    covered: Vec<(usize, Box4)>,
    /// Values that have a place.
    taken: Vec<String>,
    /// Questions that were named by number.
    unknown: usize,
}

/// A printed label that the kiosk does not know, with an empty box beside it.
struct Other {
    label: String,
    page: usize,
    y: i32,
    rest: String,
    /// How many characters its box takes.
    most: usize,
}

fn field(remark_text: &str, value: &str, page: usize, rest: &str) -> String {
    format!("# {}\n[[field]]\nvalue = {}\npage = {page}\n{rest}\n", remark(remark_text), quoted(value))
}

impl Draft {
    fn ask(&mut self, id: &str, body: &str) {
        let question = format!("[[question]]\nid = {}\n{body}\n", quoted(id));
        if !self.questions.contains(&question) {
            self.questions.push(question);
        }
    }

    fn number(&mut self) -> String {
        self.unknown += 1;
        format!("field_{}", self.unknown)
    }

    fn is_covered(&self, page: usize, target: Box4) -> bool {
        self.covered.iter().any(|(at, rect)| *at == page && (holds(target, *rect) || holds(*rect, target)))
    }

    /// A picture has boxes, but no labels: the four facts are left to be placed.
    fn picture(&mut self, at: usize, page: &Printed) {
        let boxes: Vec<Box4> = page.rooms((12.0, 4.0)).into_iter().take(60).collect();
        let free: Vec<&Box4> = boxes.iter().filter(|room| !self.is_covered(at, **room)).collect();
        let large = free.iter().find(|room| room[2] > 40.0 && room[3] > 6.0).copied().or_else(|| free.first().copied());
        let sample = large.map_or([50.0, 60.0, 80.0, 8.0], |room| inset(*room, 0.3));
        let mut facts = Vec::new();
        for (value, label, more) in [
            ("name", "氏名", ""),
            ("address", "住所", "\nlines = 2"),
            ("birth_date", "生年月日", "\nfit = \"date\""),
            ("sex", "性別（男のとき）", "\nfit = \"circle\"\nwhen = \"male\""),
            ("sex", "性別（女のとき）", "\nfit = \"circle\"\nwhen = \"female\""),
        ] {
            if !self.taken.iter().any(|taken| taken == value) {
                let label = format!("{label}: 位置を決めて box を書き直してください");
                facts.push(field(&label, value, at, &format!("box = {}{more}", place(sample))));
            }
        }
        for room in free {
            let rest = format!("box = {}", place(inset(*room, 0.3)));
            facts.push(field("画像の中の空いた枠", "（値の名前）", at, &rest));
        }
        self.hints.extend(facts);
    }

    /// A field for each input field of the PDF, and a question for each that the kiosk does not know.
    fn take_inputs(&mut self, inputs: &[Input], pages: &[Option<Printed>]) {
        let printed: Vec<Vec<Group>> = pages
            .iter()
            .map(|page| page.as_ref().filter(|page| !page.picture).map(groups).unwrap_or_default())
            .collect();
        let on_page = |page: usize| printed.get(page - 1).map_or(&[][..], Vec::as_slice);
        let mut asked: Vec<Asked> = Vec::new();
        for input in inputs {
            match asked.iter_mut().find(|asked| asked.inputs[0].name == input.name) {
                Some(known) => known.inputs.push(input),
                None => asked.push(Asked::of(input, beside(on_page(input.page), input.rect))),
            }
        }
        asked.retain(|asked| {
            if asked.labels().any(names_number) {
                let label = remark(&asked.label());
                self.hints.push(format!("「{label}」: 個人番号はキオスクでは書きません。手で書いてもらいます。\n"));
            }
            !asked.labels().any(names_number)
        });
        self.take_dates(&mut asked);
        // Of several fields for one value the one with the plainest label has it.
        let mut claims: Vec<(usize, &'static str, (usize, usize))> = Vec::new();
        for (at, asked) in asked.iter().enumerate() {
            claims.extend(asked.claim().map(|(value, rank)| (at, value, rank)));
        }
        claims.sort_by_key(|(at, _, rank)| (*rank, *at));
        let mut values: BTreeMap<usize, &'static str> = BTreeMap::new();
        for (at, value, _) in claims {
            let again = self.taken.iter().any(|taken| taken == value);
            // Two ticks of different names may be the two halves of one choice.
            if !again || value == "sex" && asked[at].marks() {
                self.taken.push(value.to_owned());
                values.insert(at, value);
            }
        }
        for (at, asked) in asked.iter().enumerate() {
            let value = values.get(&at).map_or_else(|| self.number(), |value| (*value).to_owned());
            let page = asked.inputs[0].page;
            let words = |input: &Input| pages.get(input.page - 1)?.as_ref().map(|page| self.words_after(page, input));
            let choices = asked.choices(words);
            self.question_for(asked, &value, &choices);
            for (n, input) in asked.inputs.iter().enumerate() {
                let rest = input.rest(&value, choices.get(n));
                self.fields.push(field(&asked.label(), &value, page.max(input.page), &rest));
            }
        }
    }

    /// What is printed right of an input field, up to the next one.
    fn words_after(&self, page: &Printed, input: &Input) -> String {
        const GAP: f32 = 4.0;
        let rect = input.rect;
        let middle = |rect: Box4| rect[1] + rect[3] / 2.0;
        let level = |other: Box4| (middle(other) - middle(rect)).abs() < other[3].max(rect[3]) * 0.6;
        let right = |other: &Box4| other[0] > rect[0] + rect[2] * 0.5;
        let next = self.covered.iter().filter(|(at, _)| *at == input.page).map(|(_, rect)| *rect);
        let next = next.filter(|other| level(*other) && right(other)).map(|rect| rect[0]).fold(f32::MAX, f32::min);
        let mut line: Vec<&Glyph> =
            page.glyphs.iter().filter(|glyph| level(glyph.rect) && right(&glyph.rect)).collect();
        line.sort_by(|a, b| a.rect[0].total_cmp(&b.rect[0]));
        let mut end = rect[0] + rect[2];
        let mut text = String::new();
        for glyph in line.into_iter().take(40) {
            if glyph.rect[0] - end > GAP || glyph.rect[0] > next || matches!(glyph.text.as_str(), "□" | "☐") {
                break;
            }
            end = glyph.rect[0] + glyph.rect[2];
            text += &glyph.text;
        }
        text.trim_matches(['・', '／', '/', '　', ' ']).to_owned()
    }

    /// 年, 月 and 日 in fields of their own are one date.
    fn take_dates(&mut self, asked: &mut Vec<Asked>) {
        let mut dates: BTreeMap<String, [Option<usize>; 3]> = BTreeMap::new();
        for (at, asked) in asked.iter().enumerate() {
            if let [Input { kind: InputKind::Text { .. } | InputKind::List(_), name, .. }] = asked.inputs[..]
                && let Some((base, part)) = date_part(name)
            {
                dates.entry(base).or_default()[part].get_or_insert(at);
            }
        }
        let mut gone: Vec<usize> = Vec::new();
        for (base, parts) in dates {
            let [Some(year), Some(month), Some(day)] = parts else { continue };
            let inputs = [year, month, day].map(|at| asked[at].inputs[0]);
            if inputs.iter().any(|input| input.page != inputs[0].page) {
                continue;
            }
            let base = base.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
            let era = |asked: &Asked| {
                let same = !base.is_empty() && asked.inputs[0].name.contains(&base);
                let eras: Option<Vec<(Era, Box4)>> =
                    asked.inputs.iter().map(|input| Some((era_of(input.choice()?)?, input.rect))).collect();
                eras.filter(|_| same && asked.inputs[0].page == inputs[0].page)
            };
            let eras = asked.iter().enumerate().find_map(|(at, asked)| Some((at, era(asked)?)));
            let labels = [base.clone(), format!("{base}日"), asked[year].beside.clone().unwrap_or_default()];
            let value = labels.iter().find_map(|label| known(label)).map(|(value, _)| value);
            let value = value.filter(|value| matches!(*value, "birth_date" | "today"));
            let value = value.filter(|value| !self.taken.iter().any(|taken| taken == value));
            let label = labels.into_iter().find(|label| !plain(label).is_empty() && label != "日");
            let label = label.unwrap_or_else(|| "日付".into());
            let value = match value {
                Some(value) => {
                    self.taken.push(value.to_owned());
                    value.to_owned()
                }
                None => {
                    let value = self.number();
                    let answer = "answer = { kind = \"date\", past = true, future = true }\noptional = true";
                    self.ask(&value, &format!("label = {{ ja = {} }}\n{answer}", quoted(&label)));
                    value
                }
            };
            let rects = inputs.map(|input| input.rect);
            let all = union(union(rects[0], rects[1]), rects[2]);
            let mut rest = format!("fit = \"date\"\nbox = {}", place(all));
            for (key, rect) in ["year", "month", "day"].iter().zip(rects) {
                let _ = write!(rest, "\n{key} = {}", place(rect));
            }
            if let Some((at, eras)) = eras {
                let eras: Vec<String> = eras.into_iter().map(|(era, rect)| era_box(era, rect)).collect();
                let _ = write!(rest, "\neras = [{}]", eras.join(", "));
                gone.push(at);
            } else {
                // Without an era the number of its year says nothing.
                rest += "\ngregorian = true";
            }
            self.fields.push(field(&label, &value, inputs[0].page, &rest));
            gone.extend([year, month, day]);
        }
        let mut at = 0;
        asked.retain(|_| {
            at += 1;
            !gone.contains(&(at - 1))
        });
    }

    fn question_for(&mut self, asked: &Asked, value: &str, choices: &[(String, String)]) {
        if crate::check::GIVEN.contains(&value) {
            return;
        }
        if let Some(body) = known_question(value) {
            return self.ask(value, body);
        }
        let input = asked.inputs[0];
        let list = |choices: &mut dyn Iterator<Item = (String, String)>| {
            let mut known: Vec<String> = Vec::new();
            for (id, label) in choices {
                let choice = format!("{{ id = {}, label = {{ ja = {} }} }}", quoted(&id), quoted(&label));
                if !known.contains(&choice) {
                    known.push(choice);
                }
            }
            (known.len(), known.join(", "))
        };
        let answer = match &input.kind {
            InputKind::Choice(..) => match list(&mut choices.iter().cloned()) {
                (1, one) => format!("kind = \"many\", min = 0, choices = [{one}]"),
                (_, several) => format!("kind = \"one\", choices = [{several}]"),
            },
            InputKind::List(options) => {
                let (_, options) = list(&mut options.iter().map(|option| (choice_id(option), option.clone())));
                format!("kind = \"one\", choices = [{options}]")
            }
            InputKind::Text { most: Some(most), .. } => format!("kind = \"text\", max = {most}"),
            InputKind::Text { lines, .. } => {
                format!("kind = \"text\", max = {}", room(input.rect, 6.0, *lines).clamp(1, 40))
            }
            InputKind::Signature => "kind = \"text\", max = 40".into(),
        };
        let label = quoted(&asked.label());
        self.ask(value, &format!("label = {{ ja = {label} }}\nanswer = {{ {answer} }}\noptional = true"));
    }

    /// Known labels and other labels with an empty box beside them; what only may be a place becomes a hint.
    fn read_labels(&mut self, at: usize, page: &Printed) {
        let groups = groups(page);
        for group in &groups {
            let lines: Vec<(&Line, Option<(&'static str, usize)>)> =
                group.lines.iter().map(|line| (line, known(&line.text))).collect();
            let whole = group.lines.iter().map(|line| line.plain.as_str()).collect::<String>();
            let found: Vec<(&Line, (&'static str, usize))> =
                lines.iter().filter_map(|(line, known)| Some((*line, (*known)?))).collect();
            let Some(first) = group.lines.first() else { continue };
            if found.is_empty() {
                if let Some(hit) = known(&whole).filter(|_| group.cell.is_some() && group.lines.len() > 1) {
                    self.label(at, page, &groups, group, first, hit, None);
                } else {
                    self.unknown(at, page, &groups, group, &whole);
                }
                continue;
            }
            for (n, (line, hit)) in found.iter().enumerate() {
                let middle = |a: &Line, b: &Line| (a.rect[1] + a.rect[3] + b.rect[1]) / 2.0;
                let above = n.checked_sub(1).map(|n| middle(found[n].0, line));
                let below = found.get(n + 1).map(|next| middle(line, next.0));
                self.label(at, page, &groups, group, line, *hit, Some((above, below)));
            }
        }
        let written = page.glyphs.iter().filter(|glyph| glyph.text == "□" || glyph.text == "☐");
        for glyph in written.filter(|glyph| !self.is_covered(at, glyph.rect)).take(60).collect::<Vec<_>>() {
            let after: String = after(page, glyph).chars().take(12).collect();
            let rest = format!("fit = \"tick\"\nwhen = \"（選択肢）\"\nbox = {}", place(glyph.rect));
            self.hints.push(field(&format!("□「{after}」"), "（値の名前）", at, &rest));
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one label and all that stands round it")]
    fn label(
        &mut self,
        at: usize,
        page: &Printed,
        groups: &[Group],
        group: &Group,
        line: &Line,
        (value, rest): (&'static str, usize),
        band: Option<(Option<f32>, Option<f32>)>,
    ) {
        let mut targets = Vec::new();
        match group.cell {
            Some(cell) => {
                let edge = line.rect[0] + line.rect[2] + 1.0;
                targets.push([edge, cell[1], cell[0] + cell[2] - edge, cell[3]]);
                let free = |cell: &Box4| !groups.iter().any(|other| other.is_label_in(*cell));
                let cut = |mut cell: Box4| {
                    let (above, below) = band.unwrap_or_default();
                    let top = above.unwrap_or(cell[1]).max(cell[1]);
                    let bottom = below.unwrap_or(f32::MAX).min(cell[1] + cell[3]);
                    (cell[1], cell[3]) = (top, bottom - top);
                    cell
                };
                targets.extend(page.neighbour(cell, true).filter(free).map(cut));
                targets.extend(page.neighbour(cell, false).filter(free));
            }
            None => {
                let edge = line.rect[0] + line.rect[2] + 1.0;
                let (height, middle) = (line.rect[3].max(5.0) + 2.0, line.rect[1] + line.rect[3] / 2.0);
                targets.push([edge, middle - height / 2.0, 110.0, height]);
            }
        }
        let own = targets.len() > 1;
        if targets.iter().any(|target| self.is_covered(at, *target)) {
            return;
        }
        let parts = targets.iter().enumerate().find_map(|(n, target)| {
            // In the label's own box there must be room for a line of text.
            let least = if n == 0 && own { 30.0 } else { 10.0 };
            places(page, *target, value, least)
        });
        let rank = (rest, at, (line.rect[1] * 10.0) as i32);
        if let Some(parts) = parts {
            self.matches.push(Match { value, label: line.text.clone(), rank, page: at, parts });
        }
    }

    fn unknown(&mut self, at: usize, page: &Printed, groups: &[Group], group: &Group, whole: &str) {
        let text: String = group.lines.iter().map(|line| line.text.as_str()).collect();
        let first = self.matches.iter().all(|known| known.value != "today");
        if first && at == 1 && matches!(whole, "年月日" | "令和年月日") {
            let area = group.lines.iter().fold(group.lines[0].rect, |area, line| union(area, line.rect));
            let area = [area[0] - 14.0, area[1] - 1.5, area[2] + 15.0, area[3] + 3.0];
            if let Some(parts) = places(page, area, "today", 10.0).filter(|_| !self.is_covered(at, area)) {
                self.matches.push(Match { value: "today", label: text, rank: (0, at, 0), page: at, parts });
            }
            return;
        }
        let number = names_number(whole);
        let beside = group.cell.and_then(|cell| page.neighbour(cell, true));
        let beside = beside.filter(|cell| !groups.iter().any(|other| other.is_label_in(*cell)));
        let beside = beside.filter(|cell| !self.is_covered(at, *cell));
        if let Some(room) = beside.and_then(|cell| page.room(inset(cell, 0.5), (10.0, 4.0)))
            && whole.chars().count() <= 24
            && !number
            && self.hints.len() < 200
        {
            let rest = format!("box = {}", place(inset(room, 0.3)));
            if STAFF.iter().any(|word| whole.contains(word)) || whole.chars().count() < 2 {
                self.hints.push(field(&format!("「{text}」"), "（値の名前）", at, &rest));
            } else {
                let most = crate::check::room(inset(room, 0.3), 6.0, 1).clamp(1, 40);
                self.others.push(Other { label: text, page: at, y: (room[1] * 10.0) as i32, rest, most });
            }
        }
    }

    /// Of several labels of one value the plainest becomes a field; the others stay hints. A label that the kiosk does not
    /// know becomes a field with a question of its own.
    fn settle(&mut self) {
        let mut matches = std::mem::take(&mut self.matches);
        matches.sort_by_key(|found| found.rank);
        let mut fields: Vec<(usize, i32, Vec<String>)> = Vec::new();
        for found in matches {
            let label = format!("「{}」", found.label);
            if self.taken.iter().any(|taken| taken == found.value) {
                let value = format!("{}_2", found.value);
                self.hints.extend(found.parts.iter().map(|part| field(&label, &value, found.page, part)));
                continue;
            }
            self.taken.push(found.value.to_owned());
            if let Some(body) = known_question(found.value) {
                self.ask(found.value, body);
            }
            let parts = found.parts.iter().map(|part| field(&label, found.value, found.page, part)).collect();
            fields.push((found.page, found.rank.2, parts));
        }
        let mut others = std::mem::take(&mut self.others);
        others.sort_by_key(|other| (other.page, other.y));
        for other in others {
            let value = self.number();
            let (label, remark) = (quoted(&other.label), format!("「{}」", other.label));
            let answer = format!("answer = {{ kind = \"text\", max = {} }}", other.most);
            self.ask(&value, &format!("label = {{ ja = {label} }}\n{answer}\noptional = true"));
            fields.push((other.page, other.y, vec![field(&remark, &value, other.page, &other.rest)]));
        }
        fields.sort_by_key(|(page, y, _)| (*page, *y));
        self.fields.extend(fields.into_iter().flat_map(|(_, _, parts)| parts));
    }
}

/// How a value takes its place within a target: the rest of one `[[field]]` each.
fn places(page: &Printed, target: Box4, value: &str, least: f32) -> Option<Vec<String>> {
    let within = || page.glyphs.iter().filter(|glyph| holds(target, glyph.rect));
    match value {
        "sex" => {
            let mark = |text: &str, when: &str| {
                let glyph = within().find(|glyph| glyph.text == text)?;
                Some(format!("fit = \"circle\"\nwhen = \"{when}\"\nbox = {}", place(inset(glyph.rect, -1.0))))
            };
            if let (Some(male), Some(female)) = (mark("男", "male"), mark("女", "female")) {
                return Some(vec![male, female]);
            }
        }
        "birth_date" | "today" => {
            if let Some(parts) = date_parts(within().collect()) {
                return Some(vec![parts]);
            }
        }
        _ => {}
    }
    let high = if value == "signature" { 8.0 } else { 3.2 };
    // Eleven digits and two hyphens at the smallest size, for which 市外局番 (　) leaves no room.
    let least = if value == "phone" { least.max(16.0) } else { least };
    let room = inset(page.room(inset(target, 0.4), (least, high))?, 0.3);
    let mut rest = format!("box = {}", place(room));
    match value {
        "signature" => rest += "\nfit = \"signature\"",
        "birth_date" | "today" => rest += "\nfit = \"date\"",
        "address" if room[3] > 9.0 => rest += "\nlines = 2",
        _ => {}
    }
    if room[3] < 4.2 {
        rest += "\nsize = 8";
    }
    Some(vec![rest])
}

/// A date whose 年, 月 and 日 are printed: the digits go before them.
fn date_parts(glyphs: Vec<&Glyph>) -> Option<String> {
    let day = glyphs.iter().rfind(|glyph| glyph.text == "日")?;
    let level = |glyph: &&&Glyph| (glyph.rect[1] - day.rect[1]).abs() < day.rect[3];
    let month = glyphs.iter().filter(level).rfind(|glyph| glyph.text == "月" && glyph.rect[0] < day.rect[0])?;
    let year = glyphs.iter().filter(level).rfind(|glyph| glyph.text == "年" && glyph.rect[0] < month.rect[0])?;
    let height = day.rect[3].max(4.5);
    let top = day.rect[1] + day.rect[3] / 2.0 - height / 2.0;
    let between = |left: f32, right: f32| {
        let width = (right - left - 0.6).clamp(0.0, 12.0);
        (width >= 3.0).then_some([right - 0.3 - width, top, width, height])
    };
    let before = glyphs
        .iter()
        .filter(level)
        .filter(|glyph| glyph.rect[0] + glyph.rect[2] <= year.rect[0])
        .map(|glyph| glyph.rect[0] + glyph.rect[2])
        .fold(year.rect[0] - 12.0, f32::max);
    let end = |glyph: &Glyph| glyph.rect[0] + glyph.rect[2];
    let parts = [between(before, year.rect[0])?, between(end(year), month.rect[0])?, between(end(month), day.rect[0])?];
    let line: String = glyphs
        .iter()
        .filter(level)
        .filter(|glyph| end(glyph) <= parts[0][0] + 1.0)
        .map(|glyph| glyph.text.as_str())
        .collect();
    let mut eras = Vec::new();
    for era in Era::ALL {
        let mut kanji = era.name().chars().map(String::from);
        let (Some(first), Some(second)) = (kanji.next(), kanji.next()) else { continue };
        let Some(first) = glyphs.iter().find(|glyph| glyph.text == first) else { continue };
        let follows = |glyph: &&&Glyph| {
            glyph.text == second
                && (glyph.rect[1] - first.rect[1]).abs() < 1.0
                && (0.0..2.0).contains(&(glyph.rect[0] - end(first)))
        };
        let rect = glyphs.iter().find(follows).map_or(first.rect, |second| union(first.rect, second.rect));
        eras.push((era, inset(rect, -0.8)));
    }
    let all = union(union(parts[0], parts[1]), parts[2]);
    let mut rest = format!("fit = \"date\"\nbox = {}", place(all));
    for (key, part) in ["year", "month", "day"].iter().zip(parts) {
        let _ = write!(rest, "\n{key} = {}", place(part));
    }
    // One printed era is a word (昭和　年), several are a choice; without any, the number of an era's year says nothing.
    match eras.as_slice() {
        [] if parts[0][2] >= 5.0 => rest += "\ngregorian = true",
        [] => {}
        [(era, _)] if line.ends_with(era.name()) => {
            let _ = write!(rest, "\nera = \"{}\"", era_id(*era));
        }
        several => {
            let eras: Vec<String> = several.iter().map(|(era, rect)| era_box(*era, *rect)).collect();
            let _ = write!(rest, "\neras = [{}]", eras.join(", "));
        }
    }
    Some(rest)
}

fn era_box(era: Era, rect: Box4) -> String {
    format!("{{ era = \"{}\", box = {} }}", era_id(era), place(rect))
}

fn union(a: Box4, b: Box4) -> Box4 {
    let (left, top) = (a[0].min(b[0]), a[1].min(b[1]));
    let (right, bottom) = ((a[0] + a[2]).max(b[0] + b[2]), (a[1] + a[3]).max(b[1] + b[3]));
    [left, top, right - left, bottom - top]
}

/// Characters that stand together: in one ruled box, or in one line where there is none.
struct Group {
    cell: Option<Box4>,
    lines: Vec<Line>,
}

struct Line {
    text: String,
    plain: String,
    rect: Box4,
}

impl Group {
    /// Whether a box holds this group, and the group is itself a label.
    fn is_label_in(&self, cell: Box4) -> bool {
        self.lines.iter().any(|line| holds(cell, line.rect) && known(&line.text).is_some())
    }
}

fn groups(page: &Printed) -> Vec<Group> {
    let mut cells: Vec<(Option<Box4>, Vec<&Glyph>)> = vec![(None, Vec::new())];
    for glyph in &page.glyphs {
        let known = cells.iter().position(|(cell, _)| cell.is_some_and(|cell| holds(cell, glyph.rect)));
        let at = known.unwrap_or_else(|| match page.cell(glyph.rect) {
            Some(cell) => {
                cells.push((Some(cell), Vec::new()));
                cells.len() - 1
            }
            None => 0,
        });
        cells[at].1.push(glyph);
    }
    let mut groups = Vec::new();
    for (cell, glyphs) in cells {
        let lines = lines(glyphs);
        match cell {
            Some(_) => {
                let lines = lines.into_iter().map(|line| line_of(&line)).collect();
                groups.push(Group { cell, lines });
            }
            // Without a box a wide gap ends what belongs together, but for 年　月　日.
            None => groups
                .extend(lines.iter().flat_map(|line| split(line)).map(|line| Group { cell: None, lines: vec![line] })),
        }
    }
    groups
}

/// Lines from the top, each from the left.
fn lines(mut glyphs: Vec<&Glyph>) -> Vec<Vec<&Glyph>> {
    let middle = |glyph: &Glyph| glyph.rect[1] + glyph.rect[3] / 2.0;
    glyphs.sort_by(|a, b| middle(a).total_cmp(&middle(b)));
    let mut lines: Vec<Vec<&Glyph>> = Vec::new();
    for glyph in glyphs {
        match lines.last_mut() {
            Some(line)
                if line.last().is_some_and(|last| middle(glyph) - middle(last) < glyph.rect[3].max(2.0) * 0.35) =>
            {
                line.push(glyph);
            }
            _ => lines.push(vec![glyph]),
        }
    }
    lines.iter_mut().for_each(|line| line.sort_by(|a, b| a.rect[0].total_cmp(&b.rect[0])));
    lines
}

fn split(line: &[&Glyph]) -> Vec<Line> {
    let mut parts: Vec<Vec<&Glyph>> = Vec::new();
    for glyph in line {
        let date = |text: &str| matches!(text, "年" | "月" | "日");
        match parts.last_mut() {
            Some(part)
                if part.last().is_some_and(|last| {
                    let gap = glyph.rect[0] - last.rect[0] - last.rect[2];
                    gap < 3.0 * last.rect[3].max(2.0) || (gap < 40.0 && date(&last.text) && date(&glyph.text))
                }) =>
            {
                part.push(glyph);
            }
            _ => parts.push(vec![glyph]),
        }
    }
    parts.iter().map(|part| line_of(part)).collect()
}

fn line_of(glyphs: &[&Glyph]) -> Line {
    let mut text = String::new();
    let mut end = f32::MAX;
    let height = glyphs.iter().map(|glyph| glyph.rect[3]).fold(1.5, f32::max);
    for glyph in glyphs {
        // A space is not drawn; between Latin letters its gap parts words.
        let gap = glyph.rect[0] - end > height * 0.3;
        if gap && glyph.text.is_ascii() && text.ends_with(|c: char| c.is_ascii()) {
            text.push(' ');
        }
        text += &glyph.text;
        end = glyph.rect[0] + glyph.rect[2];
    }
    let rect = glyphs.iter().skip(1).fold(glyphs[0].rect, |rect, glyph| union(rect, glyph.rect));
    Line { plain: plain(&text), text, rect }
}

/// What is printed right after a character.
fn after(page: &Printed, first: &Glyph) -> String {
    let level = |glyph: &&Glyph| {
        let gap = glyph.rect[1] + glyph.rect[3] / 2.0 - first.rect[1] - first.rect[3] / 2.0;
        gap.abs() < first.rect[3] * 0.6 && glyph.rect[0] > first.rect[0] + first.rect[2] * 0.5
    };
    let mut line: Vec<&Glyph> = page.glyphs.iter().filter(level).collect();
    line.sort_by(|a, b| a.rect[0].total_cmp(&b.rect[0]));
    line.iter().map(|glyph| glyph.text.as_str()).take_while(|text| *text != "□" && *text != "☐").collect()
}

/// The largest line of the first page's upper half.
fn title(page: &Printed) -> Option<String> {
    let upper = page.glyphs.iter().filter(|glyph| glyph.rect[1] < 120.0).collect();
    let lines: Vec<Line> = lines(upper).iter().flat_map(|line| split(line)).collect();
    let tall = |line: &&Line| line.plain.chars().count() >= 4 && line.plain.chars().count() <= 40;
    lines.iter().filter(tall).max_by(|a, b| a.rect[3].total_cmp(&b.rect[3])).map(|line| line.text.clone())
}
