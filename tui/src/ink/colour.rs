//! Colours, and the nearest ones that a terminal has.

/// A colour as a person named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// One of the terminal's own sixteen.
    Named(u8),
    /// One of xterm's 256.
    Indexed(u8),
    Rgb(u8, u8, u8),
}

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    Sixteen,
    /// 256.
    Many,
    /// 16 million.
    True,
}

const NAMES: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

/// What xterm makes of the sixteen; other terminals are near enough to choose by.
const SIXTEEN: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

/// Red, yellow, green, cyan, blue and magenta, with the hue people call so.
const HUES: [(u8, i32); 6] = [(1, 0), (3, 55), (2, 135), (6, 185), (4, 225), (5, 305)];

/// The steps of xterm's colour cube.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

impl Colour {
    /// A name, a number up to 255, or `#rrggbb`. The error is half a sentence.
    pub fn read(word: &str) -> Result<Self, String> {
        let named = NAMES.iter().position(|name| *name == word);
        if let Some(named) = named.and_then(|at| u8::try_from(at).ok()) {
            return Ok(Self::Named(named));
        }
        let digits = word.strip_prefix('#').filter(|digits| digits.len() == 6);
        if let Some(rgb) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            let [_, r, g, b] = rgb.to_be_bytes();
            return Ok(Self::Rgb(r, g, b));
        }
        word.parse().map(Self::Indexed).map_err(|_| {
            format!("holds {word:?}: write red, bright-red, a number to 255, #rrggbb, bold, dim, italic, underlined or reversed")
        })
    }

    /// The nearest that a terminal has.
    #[must_use]
    pub fn within(self, depth: Depth) -> Self {
        match (self, depth) {
            (Self::Rgb(..), Depth::Many) => self.nearest(16..=255, Self::Indexed),
            (Self::Indexed(index @ 0..16), Depth::Sixteen) => Self::Named(index),
            (Self::Rgb(..) | Self::Indexed(_), Depth::Sixteen) => self.alike(),
            _ => self,
        }
    }

    /// Of the sixteen the one of the same hue: the nearest to most colours would be some grey.
    fn alike(self) -> Self {
        let (r, g, b) = self.rgb();
        let brightest = r.max(g).max(b);
        if brightest - r.min(g).min(b) < 40 {
            return Self::Named(match brightest {
                0..64 => 0,
                64..180 => 8,
                180..240 => 7,
                240..=255 => 15,
            });
        }
        let hue = hue((r, g, b));
        let turn = |(_, at): &(u8, i32)| (hue - at).abs().min(360 - (hue - at).abs());
        let named = HUES.into_iter().min_by_key(turn).map_or(7, |(named, _)| named);
        Self::Named(if brightest >= 230 { named + 8 } else { named })
    }

    fn nearest(self, among: std::ops::RangeInclusive<u8>, kind: fn(u8) -> Self) -> Self {
        let wanted = <[u8; 3]>::from(self.rgb());
        let distance = |index: &u8| -> u32 {
            let there = <[u8; 3]>::from(rgb_of(*index));
            // Eyes see green best and blue worst.
            let weighed = wanted.iter().zip(there).zip([2, 4, 1]);
            weighed.map(|((a, b), weight)| weight * u32::from(a.abs_diff(b)).pow(2)).sum()
        };
        among.min_by_key(distance).map_or(self, kind)
    }

    fn rgb(self) -> (u8, u8, u8) {
        match self {
            Self::Named(index) | Self::Indexed(index) => rgb_of(index),
            Self::Rgb(r, g, b) => (r, g, b),
        }
    }
}

/// In degrees, of a colour that is no grey.
fn hue(rgb: (u8, u8, u8)) -> i32 {
    let [red, green, blue] = <[u8; 3]>::from(rgb).map(i32::from);
    let brightest = red.max(green).max(blue);
    let range = (brightest - red.min(green).min(blue)).max(1);
    let hue = if brightest == red {
        60 * (green - blue) / range
    } else if brightest == green {
        120 + 60 * (blue - red) / range
    } else {
        240 + 60 * (red - green) / range
    };
    hue.rem_euclid(360)
}

fn rgb_of(index: u8) -> (u8, u8, u8) {
    if let Some(rgb) = SIXTEEN.get(usize::from(index)) {
        return *rgb;
    }
    let cube = usize::from(index) - SIXTEEN.len();
    if index < 232 {
        return (STEPS[cube / 36], STEPS[cube / 6 % 6], STEPS[cube % 6]);
    }
    let grey = 8 + 10 * (index - 232);
    (grey, grey, grey)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_has_not_becomes_the_nearest_it_has() {
        let orange = Colour::read("#ff8700").unwrap();
        assert_eq!(orange.within(Depth::True), orange);
        assert_eq!(orange.within(Depth::Many), Colour::Indexed(208));
        assert_eq!(Colour::Rgb(250, 10, 5).within(Depth::Sixteen), Colour::Named(9));
        assert_eq!(Colour::Indexed(3).within(Depth::Sixteen), Colour::Named(3));
        assert_eq!(Colour::Indexed(244).within(Depth::Sixteen), Colour::Named(8));
        assert_eq!(Colour::Named(4).within(Depth::Sixteen), Colour::Named(4));
    }
}
