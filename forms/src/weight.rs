//! How much a PDF makes a renderer draw, counted before it is rendered.
//!
//! A form XObject may draw others, and those others again: twenty small ones can ask for a million drawings, and one
//! that draws itself never ends (ISO 32000-1 §8.10 forbids that). The count follows the drawings as a renderer would.

use crate::original::{MOST_UNPACKED, inherited};
use hayro::hayro_syntax::content::UntypedIter;
use hayro::hayro_syntax::object::Object as Operand;
use lopdf::{Dictionary, Document, Object, ObjectId, Stream};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The most that a document may draw of what stands outside its pages' own content; a map has a few thousand.
const MOST_DRAWN: usize = 50_000;
/// How deep one may draw another.
const DEPTH: usize = 24;
/// The most that all content together may unpack to, in bytes.
const MOST_CONTENT: usize = 4 * MOST_UNPACKED;

/// What a content stream asks for by name.
enum Use {
    XObject(Vec<u8>),
    Pattern(Vec<u8>),
    State(Vec<u8>),
    Font(Vec<u8>),
    /// So many bytes of text.
    Show(usize),
}

struct Walk<'a> {
    document: &'a Document,
    /// Fonts whose characters are themselves content, as soon as one is chosen: who chose it does not matter.
    drawn_fonts: Vec<&'a Dictionary>,
    known: BTreeMap<*const Stream, Rc<Vec<Use>>>,
    drawings: usize,
    content: usize,
}

/// Whether all pages can be drawn in a bounded time.
pub(crate) fn bearable(document: &Document, pages: &[ObjectId]) -> bool {
    let mut walk = Walk { document, drawn_fonts: Vec::new(), known: BTreeMap::new(), drawings: 0, content: 0 };
    pages.iter().all(|page| walk.page(*page).is_some())
}

/// In all of these `None` is too much.
impl<'a> Walk<'a> {
    fn page(&mut self, page: ObjectId) -> Option<()> {
        let document = self.document;
        let Ok(dict) = document.get_dictionary(page) else { return Some(()) };
        let resources = inherited(document, dict, b"Resources").and_then(|found| found.as_dict().ok());
        let scope: Vec<&Dictionary> = resources.into_iter().collect();
        let content = document.get_page_content_with_limit(page, MOST_UNPACKED).ok()?;
        self.content += content.len();
        self.follow(&uses(&content), &scope, 0)?;
        let annotations = dict.get_deref(b"Annots", document).and_then(Object::as_array);
        for annotation in annotations.into_iter().flatten() {
            let annotation = document.dereference(annotation).and_then(|(_, found)| found.as_dict());
            let looks = annotation.and_then(|found| found.get_deref(b"AP", document)?.as_dict());
            let normal = looks.and_then(|looks| looks.get_deref(b"N", document));
            match normal {
                Ok(Object::Stream(stream)) => self.draw(stream, &scope, 0)?,
                Ok(Object::Dictionary(states)) => {
                    for (_, state) in states {
                        if let Ok((_, Object::Stream(stream))) = document.dereference(state) {
                            self.draw(stream, &scope, 0)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    fn draw(&mut self, stream: &'a Stream, scope: &[&'a Dictionary], depth: usize) -> Option<()> {
        self.drawings += 1;
        if self.drawings > MOST_DRAWN || depth > DEPTH {
            return None;
        }
        let key = std::ptr::from_ref(stream);
        let uses = match self.known.get(&key) {
            Some(known) => Rc::clone(known),
            None => {
                let room = MOST_CONTENT.checked_sub(self.content)?.min(MOST_UNPACKED);
                let content = match stream.decompressed_content_with_limit(room) {
                    Ok(content) => content,
                    Err(lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. })) => return None,
                    Err(_) => stream.content.clone(),
                };
                self.content += content.len();
                let uses = Rc::new(uses(&content));
                self.known.insert(key, Rc::clone(&uses));
                uses
            }
        };
        // What a stream does not name itself it may find with whoever draws it.
        let mut inner = scope.to_vec();
        inner.extend(stream.dict.get_deref(b"Resources", self.document).and_then(Object::as_dict));
        self.follow(&uses, &inner, depth + 1)
    }

    fn follow(&mut self, uses: &[Use], scope: &[&'a Dictionary], depth: usize) -> Option<()> {
        for used in uses {
            match used {
                Use::XObject(name) => {
                    if let Some(Object::Stream(stream)) = self.find(scope, b"XObject", name)
                        && stream.dict.get(b"Subtype").and_then(Object::as_name).ok() != Some(b"Image")
                    {
                        self.draw(stream, scope, depth)?;
                    }
                }
                Use::Pattern(name) => {
                    if let Some(Object::Stream(stream)) = self.find(scope, b"Pattern", name) {
                        self.draw(stream, scope, depth)?;
                    }
                }
                Use::State(name) => {
                    let Some(Object::Dictionary(state)) = self.find(scope, b"ExtGState", name) else { continue };
                    let document = self.document;
                    let mask = state.get_deref(b"SMask", document).and_then(Object::as_dict);
                    if let Ok(Object::Stream(stream)) = mask.and_then(|mask| mask.get_deref(b"G", document)) {
                        self.draw(stream, scope, depth)?;
                    }
                    let font = state.get_deref(b"Font", document).and_then(Object::as_array).ok();
                    if let Some((_, font)) = font.and_then(|font| document.dereference(font.first()?).ok()) {
                        self.choose(font);
                    }
                }
                Use::Font(name) => {
                    if let Some(font) = self.find(scope, b"Font", name) {
                        self.choose(font);
                    }
                }
                Use::Show(bytes) => self.show(*bytes, scope, depth)?,
            }
        }
        Some(())
    }

    fn find(&self, scope: &[&'a Dictionary], kind: &[u8], name: &[u8]) -> Option<&'a Object> {
        let within = |resources: &&'a Dictionary| {
            let kind = resources.get_deref(kind, self.document).ok()?.as_dict().ok()?;
            kind.get_deref(name, self.document).ok()
        };
        scope.iter().rev().find_map(within)
    }

    fn choose(&mut self, font: &'a Object) {
        let Ok(font) = font.as_dict() else { return };
        let known = self.drawn_fonts.iter().any(|known| std::ptr::eq(*known, font));
        if font.has(b"CharProcs") && !known {
            self.drawn_fonts.push(font);
        }
    }

    /// A text costs what its costliest character draws, once a byte.
    fn show(&mut self, bytes: usize, scope: &[&'a Dictionary], depth: usize) -> Option<()> {
        let document = self.document;
        let before = self.drawings;
        let mut dearest = 0;
        for font in self.drawn_fonts.clone() {
            let mut scope = scope.to_vec();
            scope.extend(font.get_deref(b"Resources", document).and_then(Object::as_dict));
            let characters = font.get_deref(b"CharProcs", document).and_then(Object::as_dict);
            for (_, character) in characters.into_iter().flat_map(Dictionary::iter) {
                if let Ok((_, Object::Stream(stream))) = document.dereference(character) {
                    let start = self.drawings;
                    self.draw(stream, &scope, depth)?;
                    dearest = dearest.max(self.drawings - start - 1);
                }
            }
        }
        // Characters that draw nothing but themselves are the text's own.
        self.drawings = if dearest == 0 { before } else { self.drawings + dearest.saturating_mul(bytes) };
        (self.drawings <= MOST_DRAWN).then_some(())
    }
}

fn uses(content: &[u8]) -> Vec<Use> {
    let mut found: Vec<Use> = Vec::new();
    let mut operations = UntypedIter::new(content);
    while let Some(operation) = operations.next() {
        let make = match &**operation.operator {
            b"Do" => Use::XObject,
            b"scn" | b"SCN" => Use::Pattern,
            b"gs" => Use::State,
            b"Tf" => Use::Font,
            b"Tj" | b"TJ" | b"'" | b"\"" => {
                let bytes = operation.operands().map(|operand| text_bytes(operand)).sum();
                match found.last_mut() {
                    Some(Use::Show(known)) => *known += bytes,
                    _ => found.push(Use::Show(bytes)),
                }
                continue;
            }
            _ => continue,
        };
        let name = operation.operands().filter_map(|operand| match operand {
            Operand::Name(name) => Some(name.as_ref().to_vec()),
            _ => None,
        });
        found.extend(name.last().map(make));
    }
    found
}

fn text_bytes(operand: &Operand) -> usize {
    match operand {
        Operand::String(text) => text.as_bytes().len(),
        Operand::Array(list) => list.iter::<Operand>().map(|item| text_bytes(&item)).sum(),
        _ => 0,
    }
}
