//! What the compiler makes of `ui/app.slint`.

slint::include_modules!();
