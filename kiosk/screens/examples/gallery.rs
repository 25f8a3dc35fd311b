//! Writes a picture of every screen into a folder: both orientations, every language, large letters, black and white,
//! furigana, a name of sixty characters. `cargo run -p screens --example gallery -- FOLDER [WORD…]`; with words, only
//! the walks (`visit`, `ask`, `staff`, `setup`) that are among them, and the variants whose names contain one of the others.

#[path = "../tests/support/mod.rs"]
mod support;

use support::Stage;
use support::walk::{Seen, VARIANTS, ask, first_start, upkeep, walk};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = std::path::PathBuf::from(arguments.next().ok_or("usage: gallery FOLDER [WORD…]")?);
    let words: Vec<String> = arguments.collect();
    std::fs::create_dir_all(&folder)?;
    let (walks, words): (Vec<_>, Vec<_>) =
        words.into_iter().partition(|word| ["visit", "ask", "staff", "setup"].contains(&word.as_str()));
    let walked = |name: &str| walks.is_empty() || walks.iter().any(|walk| walk == name);
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    for variant in VARIANTS.iter().filter(|variant| wanted(variant.name)) {
        let mut count = 0;
        let mut keep = |stage: &mut Stage, name: &str| -> Seen {
            count += 1;
            let pixels = stage.screen.snapshot().ok_or("nothing was drawn")?;
            Ok(pixels.save(folder.join(format!("{}-{count:02}-{name}.png", variant.name)))?)
        };
        if walked("visit") {
            walk(&mut Stage::new(variant.size), variant, &mut keep)?;
        }
        if walked("ask") {
            ask(&mut Stage::at("roadside", variant.size), variant, &mut keep)?;
        }
        if walked("staff") {
            upkeep(&mut Stage::new(variant.size), variant, &mut keep)?;
        }
        if walked("setup") {
            first_start(&mut Stage::new(variant.size), variant, &mut keep)?;
        }
        println!("{}: {count} pictures", variant.name);
    }
    Ok(())
}
