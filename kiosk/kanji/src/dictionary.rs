//! One SKK dictionary: its text as it is, and where its entries begin.

use encoding_rs::EUC_JP;

/// Entries without okurigana: lines `reading /candidate;note/candidate/`.
pub struct Dictionary {
    text: Vec<u8>,
    /// Begin and end of each entry, in the order of their readings.
    entries: Vec<(u32, u32)>,
}

impl Dictionary {
    /// Takes a dictionary in EUC-JP.
    pub fn new(text: Vec<u8>) -> Self {
        let mut entries = Vec::new();
        let mut begin = 0;
        // Entries with okurigana stand first, under a heading of their own; they need the verb's ending and are left out.
        let mut with_okurigana = false;
        for line in text.split(|byte| *byte == b'\n') {
            let end = begin + line.len();
            if line.starts_with(b";; okuri-ari") {
                with_okurigana = true;
            } else if line.starts_with(b";; okuri-nasi") {
                with_okurigana = false;
            } else if !with_okurigana
                && !line.starts_with(b";")
                && let (Ok(begin), Ok(end)) = (u32::try_from(begin), u32::try_from(end))
            {
                entries.push((begin, end));
            }
            begin = end + 1;
        }
        let mut dictionary = Self { text, entries: Vec::new() };
        entries.sort_by(|a, b| dictionary.reading(*a).cmp(dictionary.reading(*b)));
        dictionary.entries = entries;
        dictionary
    }

    fn line(&self, (begin, end): (u32, u32)) -> &[u8] {
        self.text.get(begin as usize..end as usize).unwrap_or_default()
    }

    fn reading(&self, entry: (u32, u32)) -> &[u8] {
        self.line(entry).split(|byte| *byte == b' ').next().unwrap_or_default()
    }

    /// The candidates of exactly this reading, in the dictionary's order.
    pub fn find(&self, reading: &str) -> Vec<String> {
        let (wanted, _, unmappable) = EUC_JP.encode(reading);
        if unmappable || wanted.is_empty() {
            return Vec::new();
        }
        let Ok(at) = self.entries.binary_search_by(|entry| self.reading(*entry).cmp(&wanted)) else {
            return Vec::new();
        };
        let Some(line) = self.entries.get(at).map(|entry| self.line(*entry)) else { return Vec::new() };
        let (line, _) = EUC_JP.decode_without_bom_handling(line);
        let candidates = line.split_once(" /").map_or("", |(_, candidates)| candidates);
        let words = candidates.split('/').map(|candidate| candidate.split(';').next().unwrap_or_default());
        // Some entries are Lisp that SKK would evaluate.
        words
            .filter(|word| !word.is_empty() && !word.starts_with('(') && !word.contains('\u{fffd}'))
            .map(str::to_owned)
            .collect()
    }
}
