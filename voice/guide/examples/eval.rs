use domain::Language;
use guide::{Answerer, Guide};
use models::Models;
use std::path::{Path, PathBuf};
use std::sync::Arc;
fn main() {
    let dir = Models::default_folder().unwrap();
    let models = Models::open(&dir).unwrap();
    let pack = std::env::args().nth(1).unwrap();
    let set = std::env::args().nth(2).unwrap();
    let t = std::time::Instant::now();
    let guide = Guide::load(Path::new(&pack)).unwrap_or_else(|e| panic!("{e}"));
    for w in &guide.warnings { eprintln!("{w}"); }
    let own: Vec<_> = guide.site.readings.iter().map(|(a, b)| (a.clone(), b.clone())).collect();
    let ja = reading::Japanese::load(&dir.parent().unwrap().join("naist-jdic"), &own).unwrap();
    let reader = Arc::new(reading::Reader::new(ja));
    eprintln!("loaded {:?}", t.elapsed());
    let a = Answerer::new(guide, reader, &models, Some(PathBuf::from("/tmp/w/memo.e5"))).unwrap();
    eprintln!("prepared {:?}", t.elapsed());
    let now = "2026-11-23T18:30".parse().unwrap();
    for l in Language::ALL {
        let mut dump = std::fs::File::create(format!("/tmp/w/signs-{}.jsonl", l.tag())).unwrap();
        let Ok(text) = std::fs::read_to_string(format!("{set}/{}.csv", l.tag())) else { continue };
        let (mut t1, mut t3) = (0, 0); let (mut n, mut right, mut wrong, mut back, mut backok, mut none, mut un, mut unref, mut unans) = (0,0,0,0,0,0,0,0,0);
        let mut rows = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        for r in rows.records() {
            let r = r.unwrap();
            let (id, q) = (&r[0], &r[1]);
            let reply = a.ask(l, q, None, now).unwrap();
            { use std::io::Write; let f = a.find(l, q, None).unwrap(); writeln!(dump, "{}", serde_json::json!({"id": id, "q": q, "c": f.iter().map(|f| (f.meaning.id(), f.signs.clone())).collect::<Vec<_>>()})).unwrap(); }
            if id == "-" {
                un += 1;
                match &reply.answer { Some(x) => { unans += 1; println!("UNANS  {} {q} -> {x} {:.2}", l.tag(), reply.score) } None if reply.choices.is_empty() => unref += 1, _ => {} }
                continue;
            }
            n += 1;
            let f = a.find(l, q, None).unwrap(); if f.first().is_some_and(|f| f.meaning.id() == id) { t1 += 1 } if f.iter().take(3).any(|f| f.meaning.id() == id) { t3 += 1 }
            match &reply.answer {
                Some(x) if x == id => right += 1,
                Some(x) => { wrong += 1; println!("WRONG  {} {q} -> {x} {:.2} want {id}", l.tag(), reply.score) }
                None if !reply.choices.is_empty() => { back += 1; if reply.choices.iter().any(|c| c.id == *id) { backok += 1 } else { println!("BACK   {} {q} -> {:?} {:.2} want {id}", l.tag(), reply.choices.iter().map(|c| c.id.clone()).collect::<Vec<_>>(), reply.score) } }
                None => { none += 1; let f = a.find(l, q, None).unwrap(); println!("NONE   {} {q} -> {:?} {:.2} want {id}", l.tag(), f.first().map(|f| f.meaning.id()), reply.score) }
            }
        }
        println!("== {}: top1 {t1} top3 {t3} right {right}/{n} wrong {wrong} back {back} (in choices {backok}) none {none}; unanswerable {un}: refused {unref} answered {unans}", l.tag());
    }
}
