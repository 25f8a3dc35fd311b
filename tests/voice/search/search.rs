//! A prototype: the guide's sentences searched in the frames of pydomino's phoneme_transition_model.onnx.
//!
//! `rustc -O --edition 2021 search.rs`, then `EPS=-5 MOST=600 ./search lm.txt names.txt fillers.txt 1 0 -10 -3 16 LIST`, beside
//! `pairs.txt` (the network's 557 pairs, in its order). LIST names files of frames: for each of 10 ms the 557 pairs, then the
//! stays of all, as 32-bit floats (frames.py). Numbers: weight of the language, of a word, of an unknown word and of each of its
//! phonemes, beam. Each line it prints: file, frames, phonemes and score of the free loop, then for each sentence its score, its
//! sound's score, its words, its phonemes. (free - sound) / phonemes tells how far to trust it: 1.2 was the limit.
use std::collections::HashMap;
use std::fs;
use std::io::Read;

pub const PH: [&str; 39] = ["pau","ry","r","my","m","ny","n","j","z","by","b","dy","d","gy","g","ky","k","ch","ts","sh","s","hy","h","v","f","py","p","t","y","w","N","a","i","u","e","o","I","U","cl"];
const PAU: u8 = 0;
const II: u8 = 39; // i or I
const UU: u8 = 40; // u or U
const SETS: usize = 41;
fn ph(s: &str) -> u8 { PH.iter().position(|p| *p == s).unwrap() as u8 }

pub struct Pairs { of: Vec<[i16; 4]>, floor: f32 } // class -> pair columns
impl Pairs {
    fn new() -> Self {
        let text = fs::read_to_string("pairs.txt").unwrap();
        let mut col = HashMap::new();
        for (at, l) in text.lines().enumerate() {
            let l = l.replace("R\"(", "").replace(")\"", "");
            let mut it = l.split_whitespace();
            col.insert((ph(it.next().unwrap()), ph(it.next().unwrap())), at as i16);
        }
        let m = |s: u8| -> Vec<u8> { match s { II => vec![ph("i"), ph("I")], UU => vec![ph("u"), ph("U")], p => vec![p] } };
        let mut of = vec![[-1i16; 4]; SETS * SETS];
        for a in 0..SETS as u8 { for b in 0..SETS as u8 {
            let mut k = 0;
            for x in m(a) { for y in m(b) { if let Some(c) = col.get(&(x, y)) { of[a as usize * SETS + b as usize][k] = *c; k += 1; } } }
        } }
        Self { of, floor: std::env::var("EPS").ok().and_then(|v| v.parse().ok()).unwrap_or(-1e9) }
    }
    fn emit(&self, row: &[f32], out: &mut [f32]) {
        for (o, cols) in out.iter_mut().zip(&self.of) {
            let mut best = NONE;
            for c in cols { if *c < 0 { break; } best = best.max(row[*c as usize]); }
            *o = if cols[0] >= 0 { best.max(self.floor) } else { best };
        }
    }
}

/// kana -> phoneme sets
pub fn phonemes(kana: &str) -> Option<Vec<u8>> {
    let k: Vec<char> = kana.chars().collect();
    let mut out: Vec<u8> = vec![];
    let mut i = 0;
    while i < k.len() {
        let small = |c: Option<&char>| -> Option<&'static str> { c.and_then(|c| match c { 'ァ' => Some("a"), 'ィ' => Some("i"), 'ゥ' => Some("u"), 'ェ' => Some("e"), 'ォ' => Some("o"), 'ャ' => Some("ya"), 'ュ' => Some("yu"), 'ョ' => Some("yo"), _ => None }) };
        let c = k[i];
        let (cons, v): (&str, &str) = match c {
            'ア' | 'ァ' => ("", "a"), 'イ' | 'ィ' => ("", "i"), 'ウ' | 'ゥ' => ("", "u"), 'エ' | 'ェ' => ("", "e"), 'オ' | 'ォ' | 'ヲ' => ("", "o"),
            'カ' => ("k", "a"), 'キ' => ("k", "i"), 'ク' => ("k", "u"), 'ケ' | 'ヶ' => ("k", "e"), 'コ' => ("k", "o"),
            'ガ' => ("g", "a"), 'ギ' => ("g", "i"), 'グ' => ("g", "u"), 'ゲ' => ("g", "e"), 'ゴ' => ("g", "o"),
            'サ' => ("s", "a"), 'シ' => ("sh", "i"), 'ス' => ("s", "u"), 'セ' => ("s", "e"), 'ソ' => ("s", "o"),
            'ザ' => ("z", "a"), 'ジ' | 'ヂ' => ("j", "i"), 'ズ' | 'ヅ' => ("z", "u"), 'ゼ' => ("z", "e"), 'ゾ' => ("z", "o"),
            'タ' => ("t", "a"), 'チ' => ("ch", "i"), 'ツ' => ("ts", "u"), 'テ' => ("t", "e"), 'ト' => ("t", "o"),
            'ダ' => ("d", "a"), 'デ' => ("d", "e"), 'ド' => ("d", "o"),
            'ナ' => ("n", "a"), 'ニ' => ("n", "i"), 'ヌ' => ("n", "u"), 'ネ' => ("n", "e"), 'ノ' => ("n", "o"),
            'ハ' => ("h", "a"), 'ヒ' => ("h", "i"), 'フ' => ("f", "u"), 'ヘ' => ("h", "e"), 'ホ' => ("h", "o"),
            'バ' => ("b", "a"), 'ビ' => ("b", "i"), 'ブ' => ("b", "u"), 'ベ' => ("b", "e"), 'ボ' => ("b", "o"),
            'パ' => ("p", "a"), 'ピ' => ("p", "i"), 'プ' => ("p", "u"), 'ペ' => ("p", "e"), 'ポ' => ("p", "o"),
            'マ' => ("m", "a"), 'ミ' => ("m", "i"), 'ム' => ("m", "u"), 'メ' => ("m", "e"), 'モ' => ("m", "o"),
            'ヤ' | 'ャ' => ("y", "a"), 'ユ' | 'ュ' => ("y", "u"), 'ヨ' | 'ョ' => ("y", "o"),
            'ラ' => ("r", "a"), 'リ' => ("r", "i"), 'ル' => ("r", "u"), 'レ' => ("r", "e"), 'ロ' => ("r", "o"),
            'ワ' | 'ヮ' => ("w", "a"), 'ヴ' => ("v", "u"), 'ヱ' => ("", "e"), 'ヰ' => ("", "i"),
            'ン' => { out.push(ph("N")); i += 1; continue; }
            'ッ' => { out.push(ph("cl")); i += 1; continue; }
            'ー' => {
                let v = match out.last().copied() { Some(II) => ph("i"), Some(UU) => ph("u"), Some(p) if (31..=35).contains(&p) || p == ph("N") => p, _ => { i += 1; continue } };
                out.push(v); i += 1; continue;
            }
            _ => return None,
        };
        let mut cons = cons.to_string();
        let mut v = v;
        if let Some(s) = small(k.get(i + 1)) {
            i += 1;
            if s.starts_with('y') {
                v = &s[1..];
                cons = match (cons.as_str(), c) { ("sh" | "ch" | "j" | "", _) => cons, ("f", _) => "hy".into(), (x, _) => format!("{x}y") };
            } else {
                // ティ ファ ウィ シェ ...
                cons = match (cons.as_str(), c) { ("", 'ウ') => "w".into(), ("", 'イ') => "y".into(), ("k", 'ク') => "k".into(), _ => cons };
                v = s;
            }
        }
        if !cons.is_empty() { if !PH.contains(&cons.as_str()) { return None; } out.push(ph(&cons)); }
        let voiceless = ["k","ky","ch","ts","sh","s","hy","h","f","py","p","t"].contains(&cons.as_str());
        out.push(match v { "i" if voiceless => II, "u" if voiceless => UU, v => ph(v) });
        i += 1;
    }
    Some(out)
}

const NONE: f32 = -1e30;

#[derive(Default)]
pub struct Chain { text: String, sets: Vec<u8>, at: usize, state: u32 }
#[derive(Default)]
pub struct State { arcs: Vec<(u32, f32)>, class: f32, end: f32, back: u32, back_w: f32 }
pub struct Language { chains: Vec<Chain>, states: Vec<State>, unigram: Vec<Vec<(u32, f32)>>, names: Vec<Vec<(u32, f32)>>, root_class: f32, root_end: f32, size: usize, first: Vec<u8> }

const NAME: u32 = 0; const BEGIN: u32 = 1; const END: u32 = 2;

pub struct Settings { pub lm: f32, pub word: f32, pub unk: f32, pub unk_ph: f32, pub beam: f32 }

impl Language {
    /// sentences: words (text,kana) ; "X" = a name
    pub fn new(sentences: &[(f32, Vec<(String, String)>)], names: &[(String, String, f32)], fillers: &[(String, String)]) -> Self {
        let mut ids: HashMap<(String, String), u32> = HashMap::new();
        let mut words: Vec<(String, Vec<u8>)> = vec![(String::new(), vec![]), (String::new(), vec![]), (String::new(), vec![])];
        let mut c1: HashMap<u32, f32> = HashMap::new();
        let mut c2: HashMap<(u32, u32), f32> = HashMap::new();
        let mut c3: HashMap<(u32, u32, u32), f32> = HashMap::new();
        'sentences: for (weight, sentence) in sentences {
            let mut line = vec![BEGIN];
            for (text, kana) in sentence {
                if text == "X" { line.push(NAME); continue; }
                if kana.is_empty() { continue; }
                let id = match ids.get(&(text.clone(), kana.clone())) { Some(id) => *id, None => {
                    let Some(sets) = phonemes(kana) else { eprintln!("no phonemes: {text} {kana}"); continue 'sentences };
                    if sets.is_empty() { continue; }
                    words.push((text.clone(), sets)); let id = words.len() as u32 - 1; ids.insert((text.clone(), kana.clone()), id); id } };
                line.push(id);
            }
            line.push(END);
            for w in line.windows(2) { *c2.entry((w[0], w[1])).or_default() += weight; *c1.entry(w[1]).or_default() += weight; }
            for w in line.windows(3) { if w[1] != NAME && w[0] != BEGIN || w[0]==BEGIN && w[1] != NAME { *c3.entry((w[0], w[1], w[2])).or_default() += weight; } }
        }
        // continuation counts for the unigram (Kneser-Ney)
        let mut cont: HashMap<u32, f32> = HashMap::new();
        for (_, w) in c2.keys() { *cont.entry(*w).or_default() += 1.0; }
        let total: f32 = cont.values().sum();
        let p1 = |w: u32| cont.get(&w).map_or(1e-9, |c| c / total) ;
        const D: f32 = 0.6;
        let mut h1: HashMap<u32, (f32, f32)> = HashMap::new(); // total, types
        for ((u, _), c) in &c2 { let e = h1.entry(*u).or_default(); e.0 += c; e.1 += 1.0; }
        let mut h2: HashMap<(u32, u32), (f32, f32)> = HashMap::new();
        for ((u, v, _), c) in &c3 { let e = h2.entry((*u, *v)).or_default(); e.0 += c; e.1 += 1.0; }
        let p2 = |u: u32, w: u32| { let (t, n) = h1.get(&u).copied().unwrap_or((0.0, 0.0)); if t == 0.0 { return p1(w); } (c2.get(&(u, w)).copied().unwrap_or(0.0) - D).max(0.0) / t + D * n / t * p1(w) };
        // states: 0.. one per word history, then pairs
        let mut states: Vec<State> = (0..words.len()).map(|_| State { class: NONE, end: NONE, ..State::default() }).collect();
        let mut pair_state: HashMap<(u32, u32), u32> = HashMap::new();
        for ((u, v), (t, _)) in &h2 { if *t >= 2.0 { pair_state.insert((*u, *v), 0); } }
        let mut keys: Vec<(u32, u32)> = pair_state.keys().copied().collect(); keys.sort();
        for k in &keys { pair_state.insert(*k, states.len() as u32); states.push(State { class: NONE, end: NONE, ..State::default() }); }
        // chains: per state of a word
        let mut chains: Vec<Chain> = vec![];
        let mut chain_of: Vec<u32> = vec![u32::MAX; states.len()];
        for (id, (text, sets)) in words.iter().enumerate().skip(3) { chain_of[id] = chains.len() as u32; chains.push(Chain { text: text.clone(), sets: sets.clone(), at: 0, state: id as u32 }); }
        for k in &keys { let s = pair_state[k]; if k.1 > END { let (text, sets) = &words[k.1 as usize]; chain_of[s as usize] = chains.len() as u32; chains.push(Chain { text: text.clone(), sets: sets.clone(), at: 0, state: s }); } }
        let mut c2s: Vec<_> = c2.keys().copied().collect(); c2s.sort();
        for (u, w) in c2s {
            let p = p2(u, w).ln();
            let s = &mut states[u as usize];
            match w { NAME => s.class = p, END => s.end = p, w => { let dest = pair_state.get(&(u, w)).copied().unwrap_or(w); s.arcs.push((chain_of[dest as usize], p)); } }
        }
        let mut c3s: Vec<_> = c3.keys().copied().collect(); c3s.sort();
        for (u, v, w) in c3s {
            let Some(&s) = pair_state.get(&(u, v)) else { continue };
            let (t, n) = h2[&(u, v)];
            let p = ((c3[&(u, v, w)] - D).max(0.0) / t + D * n / t * p2(v, w)).ln();
            let st = &mut states[s as usize];
            match w { NAME => st.class = p, END => st.end = p, w => { let dest = pair_state.get(&(v, w)).copied().unwrap_or(w); st.arcs.push((chain_of[dest as usize], p)); } }
        }
        for (u, s) in states.iter_mut().enumerate() {
            if u < words.len() { let (t, n) = h1.get(&(u as u32)).copied().unwrap_or((0.0, 0.0)); s.back = u32::MAX; s.back_w = if t > 0.0 { (D * n / t).min(1.0).ln() } else { 0.0 }; }
            else { let k = keys[u - words.len()]; let (t, n) = h2[&k]; s.back = k.1; s.back_w = (D * n / t).min(1.0).ln(); }
        }
        let unigram: Vec<(u32, f32)> = (3..words.len() as u32).map(|w| (chain_of[w as usize], p1(w).ln())).collect();
        let all: f32 = names.iter().map(|n| n.2).sum();
        let mut name_chains = vec![];
        for (text, kana, weight) in names { let Some(sets) = phonemes(kana) else { eprintln!("no phonemes: {text} {kana}"); continue }; if sets.is_empty() { continue; } name_chains.push((chains.len() as u32, (weight / all).ln())); chains.push(Chain { text: text.clone(), sets, at: 0, state: NAME }); }
        for (text, kana) in fillers { let sets = phonemes(kana).unwrap(); let c = chains.len() as u32; chains.push(Chain { text: text.clone(), sets, at: 0, state: BEGIN }); states[BEGIN as usize].arcs.push((c, (0.05f32 / fillers.len() as f32).ln())); }
        let first = chains.iter().map(|c| c.sets[0]).collect();
        let mut at = 0;
        for c in &mut chains { c.at = at; at += c.sets.len() + 1; }
        eprintln!("words {} states {} chains {} positions {}", words.len(), states.len(), chains.len(), at);
        let group = |list: Vec<(u32, f32)>| { let mut by = vec![vec![]; SETS]; for (c, p) in list { by[chains[c as usize].sets[0] as usize].push((c, p)); } for l in &mut by { l.sort_by(|a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1)); } by };
        let (unigram, name_chains) = (group(unigram), group(name_chains));
        for s in &mut states { s.arcs.sort_by(|a, b| b.1.total_cmp(&a.1)); }
        Self { chains, states, unigram, names: name_chains, root_class: p1(NAME).ln(), root_end: p1(END).ln(), size: at, first }
    }
}

pub struct Found { pub words: Vec<String>, pub sets: Vec<Vec<u8>>, pub score: f32 }

struct Rec { what: u32, prev: u32 } // what: chain, or FREE + phoneme
const FREE: u32 = 1 << 30;
const NOREC: u32 = u32::MAX;

struct Search<'a> { l: &'a Language, s: &'a Settings, score: Vec<f32>, rec: Vec<u32>, active: Vec<bool>, list: Vec<u32>, recs: Vec<Rec>, last_rec: Vec<(u32, u32)>, free: [(f32, u32); 39] }

pub fn search(l: &Language, p: &Pairs, trans: &[f32], blank: &[f32], s: &Settings) -> Vec<Found> {
    let frames = blank.len();
    let n = l.chains.len();
    let mut z = Search { l, s, score: vec![NONE; l.size], rec: vec![NOREC; l.size], active: vec![false; n], list: vec![], recs: vec![], last_rec: vec![(NOREC - 1, 0); n], free: [(NONE, NOREC); 39] };
    let mut emit = vec![NONE; SETS * SETS];
    // exits of the frame before: per word history: last set -> (score, rec)
    let mut start = 0.0f32;
    let mut cut = NONE;
    let mut tops: Vec<f32> = vec![];
    let most: usize = std::env::var("MOST").ok().and_then(|v| v.parse().ok()).unwrap_or(400);
    let mut best = 0.0f32;
    let mut agg: HashMap<(u32, u8), (f32, u32)> = HashMap::new();
    for t in 0..frames {
        let row = &trans[t * 557..(t + 1) * 557];
        p.emit(row, &mut emit);
        let b = blank[t];
        let floor = (best - s.beam).max(cut);
        // exits
        let mut exits: Vec<(u32, u8, f32, u32)> = vec![(BEGIN, PAU, start, NOREC)];
        if start < floor { exits.clear(); }
        for c in z.list.clone() {
            let ch = &l.chains[c as usize];
            let m = ch.sets.len();
            for (at, last) in [(ch.at + m - 1, ch.sets[m - 1]), (ch.at + m, PAU)] {
                if z.score[at] >= floor {
                    let r = z.record(c, z.rec[at]);
                    exits.push((ch.state, last, z.score[at], r));
                }
            }
        }
        // inside
        let mut newbest = NONE;
        tops.clear();
        let mut list = std::mem::take(&mut z.list);
        list.retain(|c| {
            let ch = &l.chains[*c as usize];
            let m = ch.sets.len();
            let sc = &mut z.score[ch.at..=ch.at + m];
            let rc = &mut z.rec[ch.at..=ch.at + m];
            let mut top = NONE;
            for j in (0..=m).rev() {
                let stay = sc[j] + b;
                let (mv, r) = if j == 0 { (NONE, 0) } else { let to = if j == m { PAU } else { ch.sets[j] }; (sc[j - 1] + emit[ch.sets[j - 1] as usize * SETS + to as usize], rc[j - 1]) };
                if mv > stay { sc[j] = mv; rc[j] = r } else { sc[j] = stay }
                top = top.max(sc[j]);
            }
            if top < floor { sc.fill(NONE); z.active[*c as usize] = false; return false; }
            newbest = newbest.max(top);
            tops.push(top);
            true
        });
        z.list = list;
        // the free loop
        let old = z.free;
        let mut free_in = [(NONE, NOREC); 39];
        for q in 1..39usize {
            for o in 0..39usize {
                let e = emit[o * SETS + q];
                if e <= NONE || old[o].0 < floor { continue; }
                let v = old[o].0 + e + s.unk_ph;
                if v > free_in[q].0 { free_in[q] = (v, old[o].1); }
            }
        }
        // entries
        agg.clear();
        let mut root = [(NONE, NOREC); SETS];
        let mut class = [(NONE, NOREC); SETS];
        let better = |x: &mut (f32, u32), v: f32, r: u32| if v > x.0 { *x = (v, r) };
        for (st, last, sc, r) in &exits {
            let state = &l.states[*st as usize];
            if state.back == u32::MAX { better(agg.entry((*st, *last)).or_insert((NONE, NOREC)), *sc, *r); continue; }
            for (c, lp) in &state.arcs { if sc + s.lm * lp + s.word < floor { break; } newbest = newbest.max(z.enter(*c, sc + s.lm * lp + s.word, *last, *r, &emit, floor)); }
            if state.class > NONE { better(&mut class[*last as usize], sc + s.lm * state.class + s.word, *r); }
            better(agg.entry((state.back, *last)).or_insert((NONE, NOREC)), sc + s.lm * state.back_w, *r);
        }
        for ((st, last), (sc, r)) in &agg {
            if *sc < floor { continue; }
            let state = &l.states[*st as usize];
            for (c, lp) in &state.arcs { if sc + s.lm * lp + s.word < floor { break; } newbest = newbest.max(z.enter(*c, sc + s.lm * lp + s.word, *last, *r, &emit, floor)); }
            if state.class > NONE { better(&mut class[*last as usize], sc + s.lm * state.class + s.word, *r); }
            better(&mut root[*last as usize], sc + s.lm * state.back_w, *r);
        }
        for q in 1..39 { better(&mut root[q], old[q].0, old[q].1); }
        better(&mut root[0], old[0].0, old[0].1);
        for (last, (sc, r)) in root.iter().enumerate() {
            if *sc < floor { continue; }
            better(&mut class[last], sc + s.lm * l.root_class + s.word, *r);
            for q in 1..39usize {
                let v = sc + s.unk + s.unk_ph + emit[last * SETS + q];
                if v > free_in[q].0 { free_in[q] = (v, *r); }
            }
        }
        for (from, lists, w) in [(&root, &l.unigram, s.word), (&class, &l.names, 0.0)] {
            for q in 1..SETS {
                if lists[q].is_empty() { continue; }
                let mut best = (NONE, NOREC);
                for (last, (sc, r)) in from.iter().enumerate() { if *sc >= floor { better(&mut best, sc + emit[last * SETS + q], *r); } }
                for (c, lp) in &lists[q] {
                    let v = best.0 + s.lm * lp + w;
                    if v < floor { break; }
                    newbest = newbest.max(z.put(*c, v, best.1));
                }
            }
        }
        for q in 0..39usize {
            let stay = old[q].0 + b;
            if q == 0 {
                // pause inside of the unknown
                let mut v = (stay, old[0].1);
                for o in 1..39usize { let e = emit[o * SETS]; if e > NONE && old[o].0 + e > v.0 { v = (old[o].0 + e, old[o].1); } }
                z.free[0] = v;
            } else if free_in[q].0 > stay {
                z.recs.push(Rec { what: FREE + q as u32, prev: free_in[q].1 });
                z.free[q] = (free_in[q].0, z.recs.len() as u32 - 1);
            } else { z.free[q] = (stay, old[q].1); }
            newbest = newbest.max(z.free[q].0);
        }
        start += b;
        best = newbest.max(start);
        cut = if tops.len() > most { let at = tops.len() - most; *tops.select_nth_unstable_by(at, |a, b| a.total_cmp(b)).1 } else { NONE };
    }
    // ends
    let mut ends: Vec<(f32, u32)> = vec![];
    for c in z.list.clone() {
        let ch = &l.chains[c as usize];
        let m = ch.sets.len();
        for at in [ch.at + m - 1, ch.at + m] {
            if z.score[at] <= NONE / 2.0 { continue; }
            let mut st = &l.states[ch.state as usize];
            let mut w = 0.0;
            let e = loop {
                if st.end > NONE { break w + st.end; }
                w += st.back_w;
                if st.back == u32::MAX { break w + l.root_end; }
                st = &l.states[st.back as usize];
            };
            let r = z.record(c, z.rec[at]);
            ends.push((z.score[at] + s.lm * e, r));
        }
    }
    for q in 0..39 { if z.free[q].0 > NONE / 2.0 { ends.push((z.free[q].0 + s.lm * l.root_end, z.free[q].1)); } }
    ends.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut found: Vec<Found> = vec![];
    for (score, rec) in ends {
        let mut words = vec![]; let mut sets = vec![];
        let mut at = rec;
        while at != NOREC {
            let r = &z.recs[at as usize];
            if r.what >= FREE { words.push(format!("<{}>", PH[(r.what - FREE) as usize])); sets.push(vec![(r.what - FREE) as u8]); }
            else { words.push(l.chains[r.what as usize].text.clone()); sets.push(l.chains[r.what as usize].sets.clone()); }
            at = r.prev;
        }
        words.reverse(); sets.reverse();
        if found.iter().any(|f| f.words == words) { continue; }
        found.push(Found { words, sets, score });
        if found.len() >= 5 { break; }
    }
    found
}

impl Search<'_> {
    fn record(&mut self, chain: u32, prev: u32) -> u32 {
        let last = &mut self.last_rec[chain as usize];
        if last.0 == prev { return last.1; }
        self.recs.push(Rec { what: chain, prev });
        *last = (prev, self.recs.len() as u32 - 1);
        last.1
    }
    fn enter(&mut self, c: u32, score: f32, last: u8, rec: u32, emit: &[f32], floor: f32) -> f32 {
        let v = score + emit[last as usize * SETS + self.l.first[c as usize] as usize];
        if v < floor { return NONE; }
        self.put(c, v, rec)
    }
    fn put(&mut self, c: u32, v: f32, rec: u32) -> f32 {
        let at = self.l.chains[c as usize].at;
        if v > self.score[at] {
            self.score[at] = v; self.rec[at] = rec;
            if !self.active[c as usize] { self.active[c as usize] = true; self.list.push(c); }
            return v;
        }
        NONE
    }
}

/// score of the frames for given phoneme words with optional pauses; and the free loop alone
pub fn align(p: &Pairs, trans: &[f32], blank: &[f32], words: &[Vec<u8>]) -> f32 {
    // positions: pau, then words' sets, optional pau after each word
    let mut sets = vec![PAU]; let mut opt = vec![false];
    for (i, w) in words.iter().enumerate() { for s in w { sets.push(*s); opt.push(false); } sets.push(PAU); opt.push(i + 1 < words.len()); }
    let n = sets.len();
    let mut sc = vec![NONE; n]; sc[0] = 0.0;
    let mut emit = vec![NONE; SETS * SETS];
    for t in 0..blank.len() {
        p.emit(&trans[t * 557..(t + 1) * 557], &mut emit);
        for j in (0..n).rev() {
            let mut v = sc[j] + blank[t];
            if j > 0 { v = v.max(sc[j - 1] + emit[sets[j - 1] as usize * SETS + sets[j] as usize]); }
            if j > 1 && opt[j - 1] { v = v.max(sc[j - 2] + emit[sets[j - 2] as usize * SETS + sets[j] as usize]); }
            sc[j] = v;
        }
    }
    sc[n - 1].max(sc[n - 2])
}
pub fn free(p: &Pairs, trans: &[f32], blank: &[f32]) -> (f32, usize, Vec<u8>) {
    let mut sc = [NONE; 39]; sc[0] = 0.0;
    let mut path: Vec<[u32; 39]> = vec![];
    let mut recs: Vec<(u8, u32)> = vec![];
    let mut cur = [NOREC; 39];
    let mut emit = vec![NONE; SETS * SETS];
    for t in 0..blank.len() {
        p.emit(&trans[t * 557..(t + 1) * 557], &mut emit);
        let old = sc; let oc = cur;
        for q in 0..39 {
            let mut v = old[q] + blank[t]; let mut from = None;
            for o in 0..39 { let e = emit[o * SETS + q]; if e > NONE && old[o] + e > v { v = old[o] + e; from = Some(o); } }
            sc[q] = v;
            if let Some(o) = from { recs.push((q as u8, oc[o])); cur[q] = recs.len() as u32 - 1; }
        }
        path.push(cur);
    }
    let q = (0..39).max_by(|a, b| sc[*a].total_cmp(&sc[*b])).unwrap();
    let mut out = vec![]; let mut at = cur[q];
    while at != NOREC { out.push(recs[at as usize].0); at = recs[at as usize].1; }
    out.reverse();
    (sc[q], out.len(), out)
}

fn words_of(line: &str) -> Vec<(String, String)> { line.split(' ').filter_map(|w| w.split_once('/')).map(|(a, b)| (a.to_string(), b.to_string())).collect() }

fn main() {
    let a: Vec<String> = std::env::args().collect();
    // LM NAMES FILLERS lm word unk unk_ph beam FRAMES...
    let sentences: Vec<(f32, Vec<(String, String)>)> = fs::read_to_string(&a[1]).unwrap().lines().filter_map(|l| l.split_once('\t')).map(|(w, l)| (w.parse().unwrap(), words_of(l))).collect();
    let names: Vec<(String, String, f32)> = fs::read_to_string(&a[2]).unwrap().lines().map(|l| { let mut f = l.split('\t'); (f.next().unwrap().into(), f.next().unwrap().into(), f.next().unwrap().parse().unwrap()) }).collect();
    let fillers: Vec<(String, String)> = fs::read_to_string(&a[3]).unwrap().lines().filter_map(|l| l.split_once('\t')).map(|(a, b)| (a.into(), b.into())).collect();
    let f = |i: usize| a[i].parse::<f32>().unwrap();
    let s = Settings { lm: f(4), word: f(5), unk: f(6), unk_ph: f(7), beam: f(8) };
    let began = std::time::Instant::now();
    let l = Language::new(&sentences, &names, &fillers);
    eprintln!("built in {:?}", began.elapsed());
    let p = Pairs::new();
    let mut total = std::time::Duration::ZERO;
    let list = fs::read_to_string(&a[9]).unwrap();
    for file in list.lines() {
        let mut bytes = vec![]; fs::File::open(file).unwrap().read_to_end(&mut bytes).unwrap();
        let all: Vec<f32> = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let t = all.len() / 558;
        let (trans, blank) = all.split_at(t * 557);
        let (from, until) = (20.min(t), t.saturating_sub(38));
        let (trans, blank) = (&trans[from * 557..until * 557], &blank[from..until]);
        let began = std::time::Instant::now();
        let found = search(&l, &p, trans, blank, &s);
        total += began.elapsed();
        let (fs, n, _) = free(&p, trans, blank);
        print!("{file}\t{t}\t{n}\t{fs:.1}");
        for x in found.iter().take(5) { let al = align(&p, trans, blank, &x.sets); let phones: Vec<&str> = x.sets.iter().flatten().map(|q| match *q { II => "i", UU => "u", q => PH[q as usize] }).collect(); print!("\t{:.1}\t{:.1}\t{}\t{}", x.score, al, x.words.join(" "), phones.join(" ")); }
        println!();
    }
    eprintln!("searched in {total:?}");
}
