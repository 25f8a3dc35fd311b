//! Starting a form's folder: a first `form.toml` for a PDF that the municipality has.
//!
//! Places come from the PDF's own input fields, or else from its printed labels and the empty boxes beside them. It is
//! a draft: staff look at it, and what is not certain is left to them as a comment.

use crate::form::{Box4, FormError};
use crate::original::{Original, PdfFault, inherited, rectangle};
use crate::printed::{Glyph, MM, Printed, holds, inset, look};
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
    #[error("{0} is not empty")]
    Exists(PathBuf),
    /// The folder's name, which becomes the form's id, is no name.
    #[error("{0} is no name for a form")]
    Name(PathBuf),
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
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
    #[error("the draft is malformed: {0}")]
    Draft(#[from] FormError),
}

/// What a draft was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drafted {
    /// Places that are filled in already.
    pub fields: usize,
    /// Places that are left to staff, as comments.
    pub hints: usize,
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
    let mut draft = Draft::default();
    if inputs.is_empty() {
        for (at, page) in pages.iter().enumerate() {
            if let Some(page) = page {
                draft.read_labels(at + 1, page);
            }
        }
        draft.settle();
    } else {
        draft.take_inputs(&inputs);
    }
    let drafted = Drafted { fields: draft.fields.len(), hints: draft.hints.len() };
    let name = from.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let title = pages.first().and_then(Option::as_ref).and_then(title);
    let title = title.or_else(|| Some(from.file_stem()?.to_string_lossy().into_owned())).unwrap_or_else(|| id.into());
    let source = if inputs.is_empty() { "印刷された項目名と枠" } else { "PDFの入力欄" };
    let mut text = format!(
        "# {source}から作った下書きです。枠の位置と値の名前を確かめてください（書き方: forms/FORMAT.md）。\n\
         # 確かめる: kiosk forms check {id}\n\
         # 長さは mm、ページの左上からの [左, 上, 幅, 高さ] です。\n\
         schema = 1\n\n[form]\nid = {}\ntitle = {{ ja = {} }}\npdf = \"form.pdf\"\nsource = {}\n",
        quoted(id),
        quoted(&title),
        quoted(&name),
    );
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
    ("name_kana", &["フリガナ", "ふりがな", "カナ氏名", "氏名カナ", "kana"]),
    ("head_of_household", &["世帯主"]),
    ("birth_date", &["生年月日", "birth"]),
    ("phone", &["電話", "連絡先", "phone", "tel"]),
    ("postcode", &["郵便番号", "postcode", "zip"]),
    ("sex", &["性別", "gender"]),
    ("address", &["住所", "address"]),
    ("name", &["氏名", "名前", "name"]),
    ("today", &["申請日", "届出日", "請求日", "申請年月日", "届出年月日", "請求年月日", "記入日"]),
    ("signature", &["署名", "自署", "signature"]),
];
/// Labels with these are somebody else's, or another one of two.
const OTHERS: [&str; 15] = [
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
];
/// Labels of what staff fill in.
const STAFF: [&str; 12] =
    ["職員", "受付", "交付", "決裁", "処理", "入力", "確認", "領収", "有料", "無料", "使用欄", "備考"];
/// What the kiosk must never write.
const INDIVIDUAL_NUMBER: [&str; 3] = ["個人番号", "マイナンバー", "mynumber"];

/// A label as it is compared: compatibility forms, spaces and signs gone.
fn plain(text: &str) -> String {
    text.nfkc().filter(|c| c.is_alphanumeric() || *c == 'ー').flat_map(char::to_lowercase).collect()
}

/// The value that a label names, and how much of the label is something else.
fn known(label: &str) -> Option<(&'static str, usize)> {
    if OTHERS.iter().chain(&INDIVIDUAL_NUMBER).any(|other| label.contains(other)) {
        return None;
    }
    let japanese: String = label.chars().filter(|c| !c.is_ascii()).collect();
    // A label is short; a sentence that mentions an address is none.
    let label = if japanese.is_empty() { label } else { &japanese };
    KNOWN.iter().find_map(|(value, names)| {
        let name = names.iter().find(|name| label.contains(**name))?;
        let rest = label.chars().count() - name.chars().count();
        (rest <= 14).then_some((*value, rest))
    })
}

/// The questions that known values need, in the kiosk's four languages.
fn known_question(value: &str) -> Option<&'static str> {
    Some(match value {
        "name_kana" => {
            "label = { ja = \"お名前《なまえ》のフリガナを入力《にゅうりょく》してください\", en = \"How is your name read? (katakana)\", \"zh-Hans\" = \"请输入姓名的片假名读音\", ko = \"이름의 가타카나 읽기를 입력해 주세요\" }\nanswer = { kind = \"kana\", max = 40 }"
        }
        "phone" => {
            "label = { ja = \"日中《にっちゅう》につながる電話番号《でんわばんごう》を入力《にゅうりょく》してください\", en = \"Which telephone number reaches you in the daytime?\", \"zh-Hans\" = \"请输入白天可以联系到您的电话号码\", ko = \"낮에 연락 가능한 전화번호를 입력해 주세요\" }\nanswer = { kind = \"phone\" }"
        }
        "postcode" => {
            "label = { ja = \"郵便番号《ゆうびんばんごう》を入力《にゅうりょく》してください\", en = \"What is your postcode?\", \"zh-Hans\" = \"请输入邮政编码\", ko = \"우편번호를 입력해 주세요\" }\nanswer = { kind = \"postcode\" }"
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
    label: String,
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
    /// A button that is on for this choice; several of one name are one question.
    Choice(String),
    /// A list of which one is written.
    List(Vec<String>),
    Signature,
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
                let label = tip.filter(|tip| !tip.trim().is_empty()).unwrap_or_else(|| name.clone());
                inputs.push(Input { name, label, page: at + 1, rect, kind });
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
            let states = widget.get_deref(b"AP", document).ok()?.as_dict().ok()?;
            let states = states.get_deref(b"N", document).ok()?.as_dict().ok()?;
            let on = states.iter().map(|(state, _)| state).find(|state| *state != b"Off")?;
            Some(InputKind::Choice(String::from_utf8_lossy(on).into_owned()))
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
}

/// A printed label that the kiosk does not know, with an empty box beside it.
struct Other {
    label: String,
    page: usize,
    y: i32,
    rest: String,
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

    /// A field for each input field of the PDF, and a question for each that the kiosk does not know.
    fn take_inputs(&mut self, inputs: &[Input]) {
        let mut ids: BTreeMap<&str, String> = BTreeMap::new();
        for input in inputs {
            let labels = [plain(&input.label), plain(&input.name)];
            if labels.iter().any(|label| INDIVIDUAL_NUMBER.iter().any(|number| label.contains(number))) {
                self.hints.push(format!(
                    "「{}」: 個人番号はキオスクでは書きません。手で書いてもらいます。\n",
                    remark(&input.label)
                ));
                continue;
            }
            let choices = || {
                let mut choices: Vec<&str> = Vec::new();
                for other in inputs.iter().filter(|other| other.name == input.name) {
                    if let InputKind::Choice(on) = &other.kind
                        && !choices.contains(&on.as_str())
                    {
                        choices.push(on);
                    }
                }
                choices
            };
            let offered = match &input.kind {
                InputKind::Choice(_) => Some((choices(), true)),
                InputKind::List(options) => Some((options.iter().map(String::as_str).collect(), false)),
                _ => None,
            };
            let value = ids.get(input.name.as_str()).cloned().unwrap_or_else(|| {
                let known = labels.iter().find_map(|label| known(label)).map(|(value, _)| value);
                let known = match input.kind {
                    InputKind::Signature => Some("signature"),
                    InputKind::Choice(_) | InputKind::List(_) => None,
                    InputKind::Text { .. } => known.filter(|value| *value != "signature"),
                };
                known
                    .filter(|known| !ids.values().any(|taken| taken == known))
                    .map_or_else(|| format!("field_{}", ids.len() + 1), ToOwned::to_owned)
            });
            if !ids.contains_key(input.name.as_str()) {
                ids.insert(&input.name, value.clone());
                self.question_for(input, &value, offered);
            }
            let mut rest = format!("box = {}", place(input.rect));
            match &input.kind {
                InputKind::Signature => rest += "\nfit = \"signature\"",
                InputKind::List(_) => {}
                InputKind::Choice(on) => {
                    let _ = write!(rest, "\nfit = \"tick\"\nwhen = {}", quoted(on));
                }
                InputKind::Text { comb: true, most: Some(most), .. } => {
                    let _ = write!(rest, "\nfit = \"cells\"\ncount = {most}");
                }
                InputKind::Text { lines, .. } => {
                    if matches!(value.as_str(), "birth_date" | "today") {
                        rest += "\nfit = \"date\"";
                    }
                    if *lines > 1 {
                        let _ = write!(rest, "\nlines = {lines}");
                    }
                }
            }
            self.fields.push(field(&input.label, &value, input.page, &rest));
        }
    }

    /// `choices`: what is offered, and whether each has a place of its own on the paper.
    fn question_for(&mut self, input: &Input, value: &str, choices: Option<(Vec<&str>, bool)>) {
        if crate::check::GIVEN.contains(&value) {
            return;
        }
        if let Some(body) = known_question(value) {
            return self.ask(value, body);
        }
        let label = quoted(&input.label);
        let answer = match (choices, &input.kind) {
            (Some((choices, ticked)), _) => {
                let kind = if choices.len() > 1 || !ticked { "kind = \"one\"" } else { "kind = \"many\", min = 0" };
                let list: Vec<String> = choices
                    .iter()
                    .map(|choice| format!("{{ id = {0}, label = {{ ja = {0} }} }}", quoted(choice)))
                    .collect();
                format!("{kind}, choices = [{}]", list.join(", "))
            }
            (None, InputKind::Text { most, .. }) => format!("kind = \"text\", max = {}", most.unwrap_or(40)),
            (None, _) => "kind = \"text\", max = 40".into(),
        };
        self.ask(value, &format!("label = {{ ja = {label} }}\nanswer = {{ {answer} }}\noptional = true"));
    }

    /// Known labels and other labels with an empty box beside them; what only may be a place becomes a hint.
    fn read_labels(&mut self, at: usize, page: &Printed) {
        let groups = groups(page);
        for group in &groups {
            let lines: Vec<(&Line, Option<(&'static str, usize)>)> =
                group.lines.iter().map(|line| (line, known(&line.plain))).collect();
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
        for glyph in written.take(60) {
            let after: String = after(page, glyph).chars().take(12).collect();
            let rest = format!("fit = \"tick\"\nwhen = \"（選択肢）\"\nbox = {}", place(glyph.rect));
            self.hints.push(field(&format!("□「{after}」"), "（値の名前）", at, &rest));
        }
        if page.glyphs.len() < 10 {
            for cell in page.empty_cells().into_iter().filter(|cell| cell[2] > 12.0 && cell[3] > 5.0).take(60) {
                let rest = format!("box = {}", place(inset(cell, 0.7)));
                self.hints.push(field("文字の情報がないページの空いた枠", "（値の名前）", at, &rest));
            }
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
            if let Some(parts) = places(page, area, "today", 10.0) {
                self.matches.push(Match { value: "today", label: text, rank: (0, at, 0), page: at, parts });
            }
            return;
        }
        let number = INDIVIDUAL_NUMBER.iter().any(|number| whole.contains(number));
        let beside = group.cell.and_then(|cell| page.neighbour(cell, true));
        let beside = beside.filter(|cell| !groups.iter().any(|other| other.is_label_in(*cell)));
        if let Some(room) = beside.and_then(|cell| page.room(inset(cell, 0.5), (10.0, 4.0)))
            && whole.chars().count() <= 24
            && !number
            && self.hints.len() < 200
        {
            let rest = format!("box = {}", place(inset(room, 0.3)));
            if STAFF.iter().any(|word| whole.contains(word)) || whole.chars().count() < 2 {
                self.hints.push(field(&format!("「{text}」"), "（値の名前）", at, &rest));
            } else {
                self.others.push(Other { label: text, page: at, y: (room[1] * 10.0) as i32, rest });
            }
        }
    }

    /// Of several labels of one value the plainest becomes a field; the others stay hints. A label that the kiosk does not
    /// know becomes a field with a question of its own.
    fn settle(&mut self) {
        let mut matches = std::mem::take(&mut self.matches);
        matches.sort_by_key(|found| found.rank);
        let mut taken: Vec<&str> = Vec::new();
        let mut fields: Vec<(usize, i32, Vec<String>)> = Vec::new();
        for found in matches {
            let label = format!("「{}」", found.label);
            if taken.contains(&found.value) {
                let value = format!("{}_2", found.value);
                self.hints.extend(found.parts.iter().map(|part| field(&label, &value, found.page, part)));
                continue;
            }
            taken.push(found.value);
            if let Some(body) = known_question(found.value) {
                self.ask(found.value, body);
            }
            let parts = found.parts.iter().map(|part| field(&label, found.value, found.page, part)).collect();
            fields.push((found.page, found.rank.2, parts));
        }
        let mut others = std::mem::take(&mut self.others);
        others.sort_by_key(|other| (other.page, other.y));
        for (n, other) in others.iter().enumerate() {
            let value = format!("field_{}", n + 1);
            let (label, remark) = (quoted(&other.label), format!("「{}」", other.label));
            let answer = "answer = { kind = \"text\", max = 40 }";
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
    let mut eras = Vec::new();
    for (name, kanji) in [("meiji", "明"), ("taisho", "大"), ("showa", "昭"), ("heisei", "平"), ("reiwa", "令")] {
        if let Some(glyph) = glyphs.iter().find(|glyph| glyph.text == kanji) {
            eras.push(format!("{{ era = \"{name}\", box = {} }}", place(inset(glyph.rect, -0.8))));
        }
    }
    let all = union(union(parts[0], parts[1]), parts[2]);
    let mut rest = format!("fit = \"date\"\nbox = {}", place(all));
    for (key, part) in ["year", "month", "day"].iter().zip(parts) {
        let _ = write!(rest, "\n{key} = {}", place(part));
    }
    // One printed era is a word (令和　年), several are a choice.
    if eras.len() > 1 {
        let _ = write!(rest, "\neras = [{}]", eras.join(", "));
    }
    Some(rest)
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
        self.lines.iter().any(|line| holds(cell, line.rect) && known(&line.plain).is_some())
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
    let text: String = glyphs.iter().map(|glyph| glyph.text.as_str()).collect();
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
