//! Finding people and actions by a few characters: `rbn` finds `robin`.

/// How well `text` fits what was typed, the more the better; none where a character is missing or
/// comes too early. White space in what was typed only divides it.
pub fn score(typed: &str, text: &str) -> Option<i32> {
    const WHOLE: i32 = 100;
    let typed: Vec<char> = lower(typed).filter(|c| !c.is_whitespace()).collect();
    let text: Vec<char> = lower(text).collect();
    let Some(first) = typed.first() else {
        return Some(0);
    };
    let starts = (0..text.len()).filter(|at| text.get(*at) == Some(first));
    let best = starts.filter_map(|at| score_from(&typed, &text, at)).max()?;
    let whole = if text == typed { WHOLE } else { 0 };
    Some(best + whole)
}

/// Takes the next fitting character each time. Neighbours and the first letters of words count.
fn score_from(typed: &[char], text: &[char], start: usize) -> Option<i32> {
    const FIRST: i32 = 20;
    const WORD: i32 = 8;
    const NEIGHBOUR: i32 = 6;
    let mut score = if start == 0 { FIRST } else { 0 };
    let mut from = start;
    for (index, c) in typed.iter().enumerate() {
        let at = from + text.get(from..)?.iter().position(|other| other == c)?;
        let begins_word = at == 0 || !text[at - 1].is_alphanumeric();
        score += if begins_word { WORD } else { 0 };
        score += if index > 0 && at == from { NEIGHBOUR } else { 0 };
        from = at + 1;
    }
    Some(score)
}

fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_in_their_order_fit_and_closer_ones_fit_better() {
        assert!(score("rbn", "robin").is_some());
        assert!(score("RB", "Robin").is_some());
        assert!(score("nr", "robin").is_none());
        assert!(score("robinn", "robin").is_none());
        assert!(score("an", "dana") > score("an", "clarence nash"));
        assert!(score("a", "ada") > score("a", "dana"));
        assert!(score("ob", "oscar bell") > score("ob", "nobody"));
        assert!(score("robin", "robin") > score("robin", "robin hood"));
        assert_eq!(score("", "robin"), score("", "dana"));
    }
}
