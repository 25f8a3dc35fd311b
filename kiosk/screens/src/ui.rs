//! What the compiler makes of `ui/app.slint`.
#![expect(missing_docs, reason = "made by the compiler; the .slint files say what each thing is")]

slint::include_modules!();
