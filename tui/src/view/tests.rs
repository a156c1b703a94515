//! Whole screens as pictures, with a fixed clock.

use crate::fixture::*;

#[test]
fn look() {
    let mut c = Client::live();
    println!("{}", c.screen());
    c.press("?");
    println!("{}", c.screen());
    c.press("esc p");
    println!("{}", c.screen());
    c.press("esc n h e");
    println!("{}", c.screen());
    c.press("esc N h e tab");
    println!("{}", c.screen());
    c.press("esc enter");
    c.answer_all(usual);
    println!("{}", c.screen());
    for _ in 0..3 {
        c.press("tab");
        println!("{}", c.screen());
    }
    c.press("2");
    c.answer_all(usual);
    println!("{}", c.screen());
}
#[test]
fn look_wide() {
    let mut c = Client::live();
    c.resize(200, 40);
    println!("{}", c.screen());
    c.press("enter");
    c.answer_all(usual);
    println!("{}", c.screen());
    let c = Client::with(|s| s.signed_in = false);
    println!("{}", c.screen());
}
