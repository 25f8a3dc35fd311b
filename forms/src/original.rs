//! The municipality's PDF: judged once, prepared once, then stamped with what each person fills in.
//!
//! Nothing of it is redrawn: the pages keep their content, resources and annotations, and get one more Form XObject on
//! top (ISO 32000-1 §8.10). Only the form's own input fields (widgets) become part of the page, as they look, because
//! a viewer would otherwise draw them over the text, or anew (`NeedAppearances`).

use crate::weight::bearable;
use hayro::hayro_syntax::content::UntypedIter;
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroize;

/// The most that one stream may unpack to, in bytes; a form's page has a few megabytes.
pub(crate) const MOST_UNPACKED: usize = 64 << 20;
/// The sides that a page may have, in points: from a stamp to the largest page of ISO 32000-1 Annex C.
const SIDES: std::ops::RangeInclusive<f32> = 20.0..=14_400.0;
/// The largest file, in bytes.
const MOST_BYTES: usize = 50 << 20;
/// The most pages; a form has a few.
const MOST_PAGES: usize = 200;
/// How deep a page tree or a field tree may be.
const DEPTH: usize = 32;

/// Why a PDF cannot be a form, in the words of its staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PdfFault {
    /// Encrypted, with a password or without.
    #[error("パスワードまたは編集の制限がかかっています")]
    Encrypted,
    /// An XFA form: its pages are drawn by one maker's program only.
    #[error("XFA形式です")]
    Xfa,
    /// Has no pages.
    #[error("ページがありません")]
    NoPages,
    /// More or larger pages than a form has.
    #[error("大きすぎるか、ページが多すぎます")]
    TooLarge,
    /// A part of it draws itself, or so much that it would never be ready.
    #[error("図形が図形自身を呼び出していて、描き終わりません")]
    Endless,
    /// One page stands in it several times, so that what is filled into one would show on the others.
    #[error("同じページが何度も使われています")]
    SharedPage,
    /// Damaged, or no PDF at all.
    #[error("壊れているか、PDFではありません")]
    Broken,
}

impl PdfFault {
    /// What staff can do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Encrypted => "パスワードと制限を外して保存し直してください。",
            Self::NoPages => "ページのあるPDFを指定してください。",
            Self::TooLarge => "様式のページだけを、50MB・200ページまでのPDFに保存し直してください。",
            Self::Xfa | Self::Endless | Self::SharedPage => {
                "PDFを開き、「印刷」から「PDFとして保存」し直してください。"
            }
            Self::Broken => "元の文書から、PDFを作り直してください。",
        }
    }
}

/// A page of the original.
pub(crate) struct Page {
    pub id: ObjectId,
    /// Width and height as the reader sees the page, in points.
    pub size: (f32, f32),
    /// From the page as seen (points from its lower left corner) to the PDF's own coordinates.
    pub to_user: [f32; 6],
}

impl Page {
    /// A rectangle of the PDF's own coordinates (left, bottom, right, top) as the reader sees it: left, top, width and
    /// height in points from the upper left corner.
    pub fn seen(&self, [x0, y0, x1, y1]: [f32; 4]) -> [f32; 4] {
        let [a, b, c, d, e, f] = self.to_user;
        let det = a * d - b * c;
        let back = |x: f32, y: f32| {
            let (x, y) = (x - e, y - f);
            ((d * x - c * y) / det, (a * y - b * x) / det)
        };
        let ((ax, ay), (bx, by)) = (back(x0, y0), back(x1, y1));
        [ax.min(bx), self.size.1 - ay.max(by), (ax - bx).abs(), (ay - by).abs()]
    }
}

/// The PDF and its pages.
pub(crate) struct Original {
    pub document: Document,
    pub pages: Vec<Page>,
}

/// Runs what reads bytes from outside: a parser that panics is a broken file, not the end of the kiosk.
pub(crate) fn guarded<T>(read: impl FnOnce() -> Option<T>) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).ok().flatten()
}

impl Original {
    /// Reads a PDF.
    pub fn read(bytes: &[u8]) -> Result<Self, PdfFault> {
        if bytes.len() > MOST_BYTES {
            return Err(PdfFault::TooLarge);
        }
        let options = lopdf::LoadOptions::with_max_decompressed_size(MOST_UNPACKED);
        let loaded = guarded(|| Some(Document::load_mem_with_options(bytes, options)));
        let mut document = match loaded {
            Some(Ok(document)) => document,
            Some(Err(lopdf::Error::InvalidPassword | lopdf::Error::Decryption(_))) => return Err(PdfFault::Encrypted),
            Some(Err(_)) | None => return Err(PdfFault::Broken),
        };
        if document.is_encrypted() || document.was_encrypted() {
            return Err(PdfFault::Encrypted);
        }
        if is_xfa(&document) {
            return Err(PdfFault::Xfa);
        }
        // What a file says of its own size may be wrong by billions.
        document.max_id = document.objects.keys().map(|id| id.0).max().unwrap_or_default();
        document.catalog().map_err(|_| PdfFault::Broken)?;
        let ids: Vec<ObjectId> = document.page_iter().take(MOST_PAGES + 1).collect();
        match ids.len() {
            0 => return Err(PdfFault::NoPages),
            1..=MOST_PAGES => {}
            _ => return Err(PdfFault::TooLarge),
        }
        if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
            return Err(PdfFault::SharedPage);
        }
        if guarded(|| Some(bearable(&document, &ids))) != Some(true) {
            return Err(PdfFault::Endless);
        }
        let pages = ids.into_iter().map(|id| geometry(&document, id)).collect::<Result<_, _>>()?;
        Ok(Self { document, pages })
    }

    /// Makes the pages ready to be stamped: each leaves the graphics state as it found it, and its input fields are
    /// part of it.
    pub fn prepare(&mut self) {
        for at in 0..self.pages.len() {
            let id = self.pages[at].id;
            let (before, after) = unbalanced(&self.document, id);
            let fields = flatten_widgets(&mut self.document, id);
            self.surround(id, "q ".repeat(before + 1), "\nQ".repeat(after + 1) + &fields);
        }
        if let Ok(catalog) = self.document.catalog_mut() {
            catalog.remove(b"AcroForm");
        }
    }

    fn surround(&mut self, page: ObjectId, before: String, after: String) {
        let contents = match self.document.get_dictionary(page).and_then(|page| page.get(b"Contents")).cloned() {
            Ok(contents) => contents,
            Err(_) => Object::Array(Vec::new()),
        };
        let mut list = match self.document.dereference(&contents) {
            Ok((_, Object::Array(list))) => list.clone(),
            Ok((_, Object::Stream(_))) => vec![contents],
            _ => Vec::new(),
        };
        let stream = |text: String| Object::Stream(Stream::new(Dictionary::new(), text.into_bytes()));
        list.insert(0, self.document.add_object(stream(before)).into());
        list.push(self.document.add_object(stream(after)).into());
        if let Ok(page) = self.document.get_dictionary_mut(page) {
            page.set("Contents", list);
        }
    }

    /// Puts the pages of `overlay` (a PDF with a page of the same size for each of ours) on top of the pages; `None`
    /// when it cannot be read. `fits(n)` says whether page `n` (from 0) has anything to put there.
    pub fn stamp(&self, overlay: &[u8], wanted: impl Fn(usize) -> bool) -> Option<Vec<u8>> {
        let overlay = Document::load_mem(overlay).ok()?;
        let mut document = self.document.clone();
        let first_new = document.max_id + 1;
        let mut adopted = BTreeMap::new();
        for (at, (page, layer)) in self.pages.iter().zip(overlay.page_iter()).enumerate() {
            if !wanted(at) {
                continue;
            }
            let resources = inherited(&overlay, overlay.get_dictionary(layer).ok()?, b"Resources")?.clone();
            let resources = adopt(&mut document, &overlay, &resources, &mut adopted);
            let (width, height) = page.size;
            let form = dictionary! {
                "Type" => "XObject",
                "Subtype" => "Form",
                "BBox" => vec![0.into(), 0.into(), width.into(), height.into()],
                "Matrix" => page.to_user.map(Object::from).to_vec(),
                "Resources" => resources,
            };
            let mut form = Stream::new(form, overlay.get_page_content(layer));
            form.compress().ok()?;
            let form = document.add_object(form);
            let name = add_x_object(&mut document, page.id, form)?;
            let draw = Stream::new(Dictionary::new(), format!("\nq /{name} Do Q").into_bytes());
            let draw = document.add_object(draw);
            let contents = document.get_dictionary_mut(page.id).ok()?.get_mut(b"Contents").ok()?;
            contents.as_array_mut().ok()?.push(draw.into());
        }
        let mut bytes = Vec::new();
        document.save_to(&mut bytes).ok()?;
        // What was filled in is somebody's; the paper has it now, and nothing else may.
        for (_, object) in document.objects.range_mut((first_new, 0)..) {
            wipe(object);
        }
        overlay.objects.into_values().for_each(|mut object| wipe(&mut object));
        Some(bytes)
    }
}

fn wipe(object: &mut Object) {
    match object {
        Object::Stream(stream) => stream.content.zeroize(),
        Object::String(text, _) => text.zeroize(),
        _ => {}
    }
}

/// An XFA form. Ordinary fields beside the XFA (a hybrid) do not help: which of the two a viewer shows is its own
/// choice, so what is filled in here might not be what is seen.
fn is_xfa(document: &Document) -> bool {
    let Ok(catalog) = document.catalog() else { return false };
    if catalog.get(b"NeedsRendering").and_then(Object::as_bool).unwrap_or(false) {
        return true;
    }
    let xfa = catalog.get_deref(b"AcroForm", document).and_then(|form| form.as_dict()?.get_deref(b"XFA", document));
    match xfa {
        Ok(Object::Array(packets)) => !packets.is_empty(),
        Ok(Object::Stream(_)) => true,
        _ => false,
    }
}

/// An entry of a page, or of the nodes above it.
pub(crate) fn inherited<'a>(document: &'a Document, mut node: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
    for _ in 0..DEPTH {
        if let Ok(found) = node.get_deref(key, document) {
            return Some(found);
        }
        node = node.get_deref(b"Parent", document).ok()?.as_dict().ok()?;
    }
    None
}

/// A rectangle with its corners in order: left, bottom, right, top.
pub(crate) fn rectangle(document: &Document, object: &Object) -> Option<[f32; 4]> {
    let numbers: Vec<f32> = object
        .as_array()
        .ok()?
        .iter()
        .map(|number| document.dereference(number).ok()?.1.as_float().ok().filter(|number| number.is_finite()))
        .collect::<Option<_>>()?;
    let [a, b, c, d] = *numbers else { return None };
    Some([a.min(c), b.min(d), a.max(c), b.max(d)])
}

fn geometry(document: &Document, id: ObjectId) -> Result<Page, PdfFault> {
    let dict = document.get_dictionary(id).map_err(|_| PdfFault::Broken)?;
    let sheet = |key: &[u8]| inherited(document, dict, key).and_then(|found| rectangle(document, found));
    let media = sheet(b"MediaBox").ok_or(PdfFault::Broken)?;
    let crop = sheet(b"CropBox")
        .map(|crop| [crop[0].max(media[0]), crop[1].max(media[1]), crop[2].min(media[2]), crop[3].min(media[3])]);
    let [x0, y0, x1, y1] = crop.filter(|crop| crop[0] < crop[2] && crop[1] < crop[3]).unwrap_or(media);
    let unit = dict.get_deref(b"UserUnit", document).and_then(Object::as_float);
    let unit = unit.ok().filter(|unit| *unit > 0.0).unwrap_or(1.0);
    let (width, height) = ((x1 - x0) * unit, (y1 - y0) * unit);
    let turn = inherited(document, dict, b"Rotate").and_then(|turn| turn.as_i64().ok()).unwrap_or(0).rem_euclid(360);
    let s = 1.0 / unit;
    let (size, to_user) = match turn {
        90 => ((height, width), [0.0, s, -s, 0.0, x1, y0]),
        180 => ((width, height), [-s, 0.0, 0.0, -s, x1, y1]),
        270 => ((height, width), [0.0, -s, s, 0.0, x0, y1]),
        _ => ((width, height), [s, 0.0, 0.0, s, x0, y0]),
    };
    if SIDES.contains(&size.0) && SIDES.contains(&size.1) {
        Ok(Page { id, size, to_user })
    } else {
        Err(PdfFault::TooLarge)
    }
}

/// How many `q` the page needs before its content, and how many `Q` after it, so that it leaves no state behind.
fn unbalanced(document: &Document, page: ObjectId) -> (usize, usize) {
    let content = document.get_page_content_with_limit(page, MOST_UNPACKED).unwrap_or_default();
    let (mut depth, mut lowest) = (0i64, 0i64);
    let mut operations = UntypedIter::new(&content);
    while let Some(operation) = operations.next() {
        match &**operation.operator {
            b"q" => depth += 1,
            b"Q" => depth -= 1,
            _ => {}
        }
        lowest = lowest.min(depth);
    }
    // A bound, as a damaged page may have anything.
    let count = |number: i64| usize::try_from(number).unwrap_or_default().min(1000);
    (count(-lowest), count(depth - lowest))
}

/// Takes the input fields out of the page's annotations; gives what draws their appearances into the page.
fn flatten_widgets(document: &mut Document, page: ObjectId) -> String {
    const HIDDEN: i64 = 2;
    const PRINT: i64 = 4;
    let Ok(annotations) = document.get_dictionary(page).and_then(|page| page.get_deref(b"Annots", document)) else {
        return String::new();
    };
    let annotations = annotations.as_array().cloned().unwrap_or_default();
    let mut kept = Vec::new();
    let mut shown = Vec::new();
    for annotation in annotations {
        let Ok(dict) = document.dereference(&annotation).and_then(|(_, found)| found.as_dict()) else { continue };
        if dict.get(b"Subtype").and_then(Object::as_name).ok() != Some(b"Widget") {
            kept.push(annotation);
            continue;
        }
        let flags = dict.get(b"F").and_then(Object::as_i64).unwrap_or(0);
        if flags & HIDDEN == 0 && flags & PRINT != 0 {
            shown.extend(appearance(document, dict));
        }
    }
    let mut draw = String::new();
    for (appearance, [a, d, e, f]) in shown {
        if let Some(name) = add_x_object(document, page, appearance) {
            draw += &format!("\nq {a} 0 0 {d} {e} {f} cm /{name} Do Q");
        }
    }
    if let Ok(page) = document.get_dictionary_mut(page) {
        if kept.is_empty() {
            page.remove(b"Annots");
        } else {
            page.set("Annots", kept);
        }
    }
    draw
}

/// A widget's normal appearance, and the scale and shift that put it into its rectangle (ISO 32000-1 §12.5.5).
fn appearance(document: &Document, widget: &Dictionary) -> Option<(ObjectId, [f32; 4])> {
    let normal = widget.get_deref(b"AP", document).ok()?.as_dict().ok()?.get(b"N").ok()?;
    let normal = match document.dereference(normal).ok()? {
        (id, Object::Stream(_)) => id?,
        (_, Object::Dictionary(states)) => {
            let state = widget.get(b"AS").and_then(Object::as_name).unwrap_or(b"Off");
            states.get(state).ok()?.as_reference().ok()?
        }
        _ => return None,
    };
    let stream = &document.get_object(normal).ok()?.as_stream().ok()?.dict;
    let [left, bottom, right, top] = rectangle(document, widget.get_deref(b"Rect", document).ok()?)?;
    let bbox = rectangle(document, stream.get_deref(b"BBox", document).ok()?)?;
    let matrix = stream.get_deref(b"Matrix", document).ok().and_then(|matrix| matrix.as_array().ok());
    let matrix: Vec<f32> =
        matrix.map_or_else(Vec::new, |matrix| matrix.iter().filter_map(|n| n.as_float().ok()).collect());
    let [a, b, c, d, e, f] = *matrix else { return placed(normal, bbox, [left, bottom, right, top]) };
    let corners =
        [(0, 1), (2, 1), (0, 3), (2, 3)].map(|(x, y)| (a * bbox[x] + c * bbox[y] + e, b * bbox[x] + d * bbox[y] + f));
    let least = |pick: fn(&(f32, f32)) -> f32| corners.iter().map(pick).fold(f32::MAX, f32::min);
    let most = |pick: fn(&(f32, f32)) -> f32| corners.iter().map(pick).fold(f32::MIN, f32::max);
    let bbox = [least(|p| p.0), least(|p| p.1), most(|p| p.0), most(|p| p.1)];
    placed(normal, bbox, [left, bottom, right, top])
}

fn placed(appearance: ObjectId, from: [f32; 4], to: [f32; 4]) -> Option<(ObjectId, [f32; 4])> {
    let (x, y) = ((to[2] - to[0]) / (from[2] - from[0]), (to[3] - to[1]) / (from[3] - from[1]));
    let placed = [x, y, to[0] - from[0] * x, to[1] - from[1] * y];
    placed.iter().all(|number| number.is_finite()).then_some((appearance, placed))
}

/// Gives the page resources of its own with this XObject among them, and the XObject's name.
fn add_x_object(document: &mut Document, page: ObjectId, object: ObjectId) -> Option<String> {
    let dict = document.get_dictionary(page).ok()?;
    let mut resources =
        inherited(document, dict, b"Resources").and_then(|found| found.as_dict().ok().cloned()).unwrap_or_default();
    let mut known = match resources.get_deref(b"XObject", document).and_then(Object::as_dict) {
        Ok(known) => known.clone(),
        Err(_) => Dictionary::new(),
    };
    let name = (0..).map(|at| format!("Madoguchi{at}")).find(|name| !known.has(name.as_bytes()))?;
    known.set(name.as_bytes(), object);
    resources.set("XObject", known);
    document.get_dictionary_mut(page).ok()?.set("Resources", resources);
    Some(name)
}

/// Copies an object, and all that it refers to, into another document.
fn adopt(into: &mut Document, from: &Document, object: &Object, known: &mut BTreeMap<ObjectId, ObjectId>) -> Object {
    match object {
        Object::Reference(id) => {
            if let Some(copy) = known.get(id) {
                return (*copy).into();
            }
            let copy = into.new_object_id();
            known.insert(*id, copy);
            let original = from.get_object(*id).unwrap_or(&Object::Null);
            let adopted = adopt(into, from, original, known);
            into.objects.insert(copy, adopted);
            copy.into()
        }
        Object::Array(list) => list.iter().map(|item| adopt(into, from, item, known)).collect::<Vec<_>>().into(),
        Object::Dictionary(dict) => adopt_dict(into, from, dict, known).into(),
        Object::Stream(stream) => {
            let mut copy = stream.clone();
            copy.dict = adopt_dict(into, from, &stream.dict, known);
            copy.into()
        }
        plain => plain.clone(),
    }
}

fn adopt_dict(
    into: &mut Document,
    from: &Document,
    dict: &Dictionary,
    known: &mut BTreeMap<ObjectId, ObjectId>,
) -> Dictionary {
    let mut copy = Dictionary::new();
    for (key, value) in dict.iter() {
        copy.set(key.clone(), adopt(into, from, value, known));
    }
    copy
}
