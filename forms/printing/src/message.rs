//! The IPP messages that the port sends and what it reads out of the answers (RFC 8010, RFC 8011).
//!
//! Requests are built with the crate `ipp`. Answers are decoded here: they come from outside, and that crate's decoder
//! panics on a text-with-language whose inner length is wrong and recurses as deep as a collection is nested.

use crate::http::Address;
use crate::media::Media;
use ipp::attribute::IppAttribute;
use ipp::model::{DelimiterTag, IppVersion, Operation, ValueTag};
use ipp::parser::IppParseError;
use ipp::request::IppRequestResponse;
use ipp::value::{IppKeyword, IppMimeMediaType, IppName, IppValue};
use std::collections::BTreeMap;

/// Who orders every job. Nothing about the person.
const USER: &str = "kiosk";

/// The requests of the port.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Request<'a> {
    /// Get-Printer-Attributes.
    Printer,
    /// Print-Job of a PDF.
    Print {
        /// `job-name`.
        name: &'a str,
        /// `media`.
        media: Media,
    },
    /// Get-Jobs: those that are over, or those that are not.
    Jobs {
        /// Completed, canceled and aborted ones.
        over: bool,
    },
    /// Get-Job-Attributes.
    Job(i32),
    /// Cancel-Job.
    Cancel(i32),
}

/// The request in bytes; the document, if any, follows.
pub(crate) fn encode(address: &Address, request: Request) -> Result<Vec<u8>, IppParseError> {
    let operation = match request {
        Request::Printer => Operation::GetPrinterAttributes,
        Request::Print { .. } => Operation::PrintJob,
        Request::Jobs { .. } => Operation::GetJobs,
        Request::Job(_) => Operation::GetJobAttributes,
        Request::Cancel(_) => Operation::CancelJob,
    };
    let uri = address.uri().parse().map_err(|_| IppParseError::UnsupportedCharset)?;
    let mut message = IppRequestResponse::new(IppVersion::v2_0(), operation, Some(uri))?;
    let mut add = |tag, name: &'static str, value| -> Result<(), IppParseError> {
        message.attributes_mut().add(tag, IppAttribute::with_name(name, value)?);
        Ok(())
    };
    let keyword = |text: &str| IppKeyword::new(text).map(IppValue::Keyword);
    let keywords = |list: &[&str]| {
        Ok::<_, IppParseError>(IppValue::Array(list.iter().map(|text| keyword(text)).collect::<Result<_, _>>()?))
    };
    let operation = DelimiterTag::OperationAttributes;
    if let Request::Job(id) | Request::Cancel(id) = request {
        add(operation, IppAttribute::JOB_ID, IppValue::Integer(id))?;
    }
    add(operation, IppAttribute::REQUESTING_USER_NAME, IppValue::NameWithoutLanguage(IppName::new(USER)?))?;
    match request {
        Request::Printer => {
            let wanted = [
                "printer-state",
                "printer-state-reasons",
                "printer-is-accepting-jobs",
                "printer-up-time",
                "document-format-supported",
                "media-ready",
                "media-col-ready",
            ];
            add(operation, IppAttribute::REQUESTED_ATTRIBUTES, keywords(&wanted)?)?;
        }
        Request::Print { name, media } => {
            add(operation, IppAttribute::JOB_NAME, IppValue::NameWithoutLanguage(IppName::new(name)?))?;
            add(
                operation,
                IppAttribute::DOCUMENT_FORMAT,
                IppValue::MimeMediaType(IppMimeMediaType::new("application/pdf")?),
            )?;
            add(DelimiterTag::JobAttributes, IppAttribute::MEDIA, keyword(media.name())?)?;
            // Forms are signed, stamped and filed by the sheet; none of them is ordered on both sides.
            add(DelimiterTag::JobAttributes, IppAttribute::SIDES, keyword("one-sided")?)?;
        }
        Request::Jobs { over } => {
            add(operation, IppAttribute::WHICH_JOBS, keyword(if over { "completed" } else { "not-completed" })?)?;
            add(operation, IppAttribute::REQUESTED_ATTRIBUTES, keywords(&JOB)?)?;
        }
        Request::Job(_) => add(operation, IppAttribute::REQUESTED_ATTRIBUTES, keywords(&JOB)?)?,
        Request::Cancel(_) => {}
    }
    Ok(message.to_bytes().to_vec())
}

/// What is asked about a job.
const JOB: [&str; 5] = ["job-id", "job-name", "job-state", "job-impressions-completed", "job-media-sheets-completed"];

/// An answer that is not IPP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an IPP answer")]
pub(crate) struct NotIpp;

/// A value, as far as the port looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// integer and enum.
    Number(i32),
    /// boolean.
    Truth(bool),
    /// The kinds of text that carry no language, and names and texts that do.
    Text(String),
    /// Anything else.
    Other,
}

/// A group of attributes. A member of a collection stands under its path: `media-col-ready.media-size.x-dimension`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Group {
    tag: u8,
    attributes: BTreeMap<String, Vec<Value>>,
}

impl Group {
    /// A printer's attributes, for tests.
    #[cfg(test)]
    pub fn of<const N: usize>(attributes: [(&str, Vec<Value>); N]) -> Self {
        let attributes = attributes.into_iter().map(|(name, values)| (name.to_owned(), values)).collect();
        Self { tag: DelimiterTag::PrinterAttributes as u8, attributes }
    }

    /// All values of an attribute.
    pub fn all(&self, name: &str) -> &[Value] {
        self.attributes.get(name).map_or(&[], Vec::as_slice)
    }

    /// The first value, where it is a number.
    pub fn number(&self, name: &str) -> Option<i32> {
        self.numbers(name).next()
    }

    /// All values that are numbers.
    pub fn numbers(&self, name: &str) -> impl Iterator<Item = i32> {
        self.all(name).iter().filter_map(|value| if let Value::Number(number) = value { Some(*number) } else { None })
    }

    /// All values that are text.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.all(name).iter().filter_map(|value| if let Value::Text(text) = value { Some(text.as_str()) } else { None })
    }

    /// The first value, where it is a truth value.
    pub fn truth(&self, name: &str) -> Option<bool> {
        self.all(name).iter().find_map(|value| if let Value::Truth(truth) = value { Some(*truth) } else { None })
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// `status-code`.
    pub status: u16,
    groups: Vec<Group>,
}

impl Answer {
    /// The printer's attributes.
    pub fn printer(&self) -> Option<&Group> {
        self.groups.iter().find(|group| group.tag == DelimiterTag::PrinterAttributes as u8)
    }

    /// The jobs.
    pub fn jobs(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(|group| group.tag == DelimiterTag::JobAttributes as u8)
    }

    /// Whether the operation was done (RFC 8011 §B.1.2: `successful-…` are 0x0000 to 0x00FF).
    pub fn successful(&self) -> bool {
        self.status < 0x0100
    }
}

/// Collections nest no deeper in anything that a printer says (media-col has three levels).
const DEEPEST: usize = 8;

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], NotIpp> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(NotIpp)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, NotIpp> {
        Ok(self.take(1)?[0])
    }

    fn short(&mut self) -> Result<u16, NotIpp> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// A length and as many bytes.
    fn counted(&mut self) -> Result<&'a [u8], NotIpp> {
        let length = self.short()?;
        self.take(usize::from(length))
    }
}

/// Decodes an answer (RFC 8010 §3).
pub(crate) fn decode(bytes: &[u8]) -> Result<Answer, NotIpp> {
    let mut bytes = Bytes(bytes);
    if !(1..=2).contains(&bytes.byte()?) {
        return Err(NotIpp);
    }
    bytes.take(1)?;
    let mut answer = Answer { status: bytes.short()?, groups: Vec::new() };
    bytes.take(4)?;
    // Where a value belongs: the attribute, then the members of the collections that are open.
    let mut path: Vec<String> = vec![String::new()];
    loop {
        let tag = bytes.byte()?;
        if tag == DelimiterTag::EndOfAttributes as u8 {
            return if path.len() == 1 { Ok(answer) } else { Err(NotIpp) };
        }
        if tag < 0x10 {
            answer.groups.push(Group { tag, ..Group::default() });
            path.clear();
            path.push(String::new());
            continue;
        }
        let (name, value) = (text(bytes.counted()?)?, bytes.counted()?);
        let group = answer.groups.last_mut().ok_or(NotIpp)?;
        if !name.is_empty() && path.len() == 1 {
            path[0] = name;
        }
        if tag == ValueTag::BegCollection as u8 {
            if path.len() > DEEPEST {
                return Err(NotIpp);
            }
            path.push(String::new());
        } else if tag == ValueTag::EndCollection as u8 {
            if path.len() == 1 {
                return Err(NotIpp);
            }
            path.pop();
        } else if tag == ValueTag::MemberAttrName as u8 {
            *path.last_mut().ok_or(NotIpp)? = text(value)?;
        } else {
            group.attributes.entry(path.join(".")).or_default().push(decode_value(tag, value)?);
        }
    }
}

fn text(bytes: &[u8]) -> Result<String, NotIpp> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| NotIpp)
}

fn decode_value(tag: u8, value: &[u8]) -> Result<Value, NotIpp> {
    const INTEGER: u8 = ValueTag::Integer as u8;
    const ENUM: u8 = ValueTag::Enum as u8;
    const BOOLEAN: u8 = ValueTag::Boolean as u8;
    const TEXT_WITH_LANGUAGE: u8 = ValueTag::TextWithLanguage as u8;
    const NAME_WITH_LANGUAGE: u8 = ValueTag::NameWithLanguage as u8;
    Ok(match tag {
        INTEGER | ENUM => Value::Number(i32::from_be_bytes(value.try_into().map_err(|_| NotIpp)?)),
        BOOLEAN => Value::Truth(*value.first().ok_or(NotIpp)? != 0),
        TEXT_WITH_LANGUAGE | NAME_WITH_LANGUAGE => {
            let mut inner = Bytes(value);
            inner.counted()?;
            Value::Text(text(inner.counted()?)?)
        }
        // 0x40 to 0x5F: the character strings.
        0x40..=0x5f => Value::Text(text(value)?),
        _ => Value::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn attribute(tag: u8, name: &str, value: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag];
        for part in [name.as_bytes(), value] {
            bytes.extend(u16::try_from(part.len()).expect("short").to_be_bytes());
            bytes.extend(part);
        }
        bytes
    }

    fn message(parts: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![2, 0, 0, 0, 0, 0, 0, 1, 4];
        bytes.extend(parts.concat());
        bytes.push(3);
        bytes
    }

    #[test]
    fn values_and_collections() {
        let bytes = message(&[
            attribute(0x23, "printer-state", &5i32.to_be_bytes()),
            attribute(0x44, "printer-state-reasons", b"media-empty-error"),
            attribute(0x44, "", b"cover-open"),
            attribute(0x34, "media-col-ready", b""),
            attribute(0x4a, "", b"media-size"),
            attribute(0x34, "", b""),
            attribute(0x4a, "", b"x-dimension"),
            attribute(0x21, "", &21000i32.to_be_bytes()),
            attribute(0x4a, "", b"y-dimension"),
            attribute(0x21, "", &29700i32.to_be_bytes()),
            attribute(0x37, "", b""),
            attribute(0x37, "", b""),
            attribute(0x22, "printer-is-accepting-jobs", &[1]),
            attribute(0x36, "named", b"\x00\x02ja\x00\x03abc"),
        ]);
        let answer = decode(&bytes).expect("well-formed");
        let printer = answer.printer().expect("its group");
        assert_eq!(printer.number("printer-state"), Some(5));
        assert_eq!(printer.texts("printer-state-reasons").collect::<Vec<_>>(), ["media-empty-error", "cover-open"]);
        assert_eq!(printer.number("media-col-ready.media-size.x-dimension"), Some(21000));
        assert_eq!(printer.number("media-col-ready.media-size.y-dimension"), Some(29700));
        assert_eq!(printer.truth("printer-is-accepting-jobs"), Some(true));
        assert_eq!(printer.texts("named").next(), Some("abc"));
        // Cut anywhere, it is refused.
        for length in 0..bytes.len() {
            assert_eq!(decode(&bytes[..length]), Err(NotIpp), "{length}");
        }
    }

    #[test]
    fn lies_about_lengths_and_depth_are_refused() {
        assert_eq!(decode(&message(&[attribute(0x36, "named", b"\x00\xffja")])), Err(NotIpp));
        assert_eq!(decode(&message(&[attribute(0x21, "number", b"\x00")])), Err(NotIpp));
        assert_eq!(decode(&message(&vec![attribute(0x34, "deep", b""); 60_000])), Err(NotIpp));
        assert_eq!(decode(&message(&[attribute(0x37, "", b"")])), Err(NotIpp));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn no_mutation_panics(at in 0usize..200, with in any::<u8>()) {
            let mut bytes = message(&[
                attribute(0x23, "printer-state", &5i32.to_be_bytes()),
                attribute(0x34, "c", b""), attribute(0x4a, "", b"m"), attribute(0x44, "", b"x"), attribute(0x37, "", b""),
                attribute(0x36, "named", b"\x00\x02ja\x00\x03abc"),
            ]);
            let at = at % bytes.len();
            bytes[at] = with;
            let _ = decode(&bytes);
        }

        #[test]
        fn what_we_send_is_well_formed(id in any::<i32>(), name in "[ -~]{1,200}") {
            let address: Address = "ipp://127.0.0.1/ipp/print".parse().expect("an address");
            for request in [Request::Printer, Request::Print { name: &name, media: Media::B5 }, Request::Jobs { over: true }, Request::Job(id), Request::Cancel(id)] {
                prop_assert!(decode(&encode(&address, request).expect("encodes")).is_ok());
            }
        }
    }
}
