//! What people see of a tenant: its name, its colour, its logo.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Contact, DisplayName, Tenant};

/// What people see of a tenant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Brand {
    /// What it is called; its technical name, where nobody said.
    pub display_name: Option<DisplayName>,
    /// The colour of what people press.
    pub color: Option<Color>,
    /// Its logo.
    pub logo: Option<Logo>,
    /// Where people turn who did not get in.
    pub contact: Option<Contact>,
}

/// The colour of what people press, where the tenant has none.
const PLAIN: Color = Color([0x1c, 0x4f, 0x8f]);

impl Brand {
    /// The colour of what people press, and of what stands on it: black or white, whichever is read more easily.
    #[must_use]
    pub fn colors(&self) -> (String, &'static str) {
        let color = self.color.unwrap_or(PLAIN);
        (color.to_string(), if color.is_light() { "#000000" } else { "#ffffff" })
    }

    /// What people know the tenant by.
    #[must_use]
    pub fn name(&self, tenant: &Tenant) -> String {
        self.display_name.as_ref().map_or_else(|| tenant.name.to_string(), ToString::to_string)
    }
}

/// A colour of sRGB, as CSS writes it: `#0a7d4f`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color([u8; 3]);

/// It can't be a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write a colour such as #0a7d4f")]
pub struct ColorError;

impl Color {
    /// Whether black is read more easily on it than white.
    ///
    /// Source: WCAG 2.2, relative luminance and contrast ratio.
    #[must_use]
    pub fn is_light(self) -> bool {
        let luminance = self.luminance();
        (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0;
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl FromStr for Color {
    type Err = ColorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii());
        let part = |from| u8::from_str_radix(digits.and_then(|digits| digits.get(from..from + 2))?, 16).ok();
        let is_hex = digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match (is_hex, part(0), part(2), part(4)) {
            (true, Some(red), Some(green), Some(blue)) => Ok(Self([red, green, blue])),
            _ => Err(ColorError),
        }
    }
}

/// The format of a logo, by its media type.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
    strum::Display,
)]
pub enum LogoType {
    /// PNG.
    #[strum(serialize = "image/png")]
    Png,
    /// JPEG.
    #[strum(serialize = "image/jpeg")]
    Jpeg,
    /// WebP.
    #[strum(serialize = "image/webp")]
    WebP,
    /// SVG. It is shown as an image only: no browser runs a script in it then, or fetches anything for it.
    #[strum(serialize = "image/svg+xml")]
    Svg,
}

/// A picture of at most 64 KiB.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    media_type: LogoType,
    bytes: Vec<u8>,
}

/// It can't be a logo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    /// It is too large.
    #[error("a logo may have {} KiB at the most: it is in every page", Logo::MAX_BYTES / 1024)]
    TooLarge,
    /// It is no picture of a kind that all browsers show.
    #[error("a logo is a picture: PNG, JPEG, WebP or SVG")]
    NoPicture,
}

impl Logo {
    /// The most bytes.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// A picture, whose format its first bytes tell.
    ///
    /// # Errors
    /// Where it is too large, or of no format that we know.
    pub fn new(bytes: Vec<u8>) -> Result<Self, LogoError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(LogoError::TooLarge);
        }
        let media_type = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => LogoType::Png,
            [0xff, 0xd8, 0xff, ..] => LogoType::Jpeg,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => LogoType::WebP,
            text if is_svg(text) => LogoType::Svg,
            _ => return Err(LogoError::NoPicture),
        };
        Ok(Self { media_type, bytes })
    }

    /// Its format.
    #[must_use]
    pub fn media_type(&self) -> LogoType {
        self.media_type
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// As a `data:` URL.
impl fmt::Display for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "data:{};base64,{}", self.media_type, STANDARD.encode(&self.bytes))
    }
}

/// Reads a `data:` URL, or the base64 in it.
impl FromStr for Logo {
    type Err = LogoError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let base64 = text.rsplit_once(";base64,").map_or(text, |(_, base64)| base64);
        if base64.len() > Self::MAX_BYTES * 2 {
            return Err(LogoError::TooLarge);
        }
        Self::new(STANDARD.decode(base64.trim()).map_err(|_| LogoError::NoPicture)?)
    }
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logo({}, {} bytes)", self.media_type, self.bytes.len())
    }
}

fn is_svg(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        text.starts_with('<') && text.contains("<svg") && text.contains("http://www.w3.org/2000/svg")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_as_css_writes_it() {
        assert_eq!("#0A7d4f".parse::<Color>().unwrap().to_string(), "#0a7d4f");
        for text in ["", "#", "0a7d4f", "#0a7d4", "#0a7d4f0", "#0a7d4g", "red", "#+a+b+c", "#ééé"] {
            assert_eq!(text.parse::<Color>(), Err(ColorError), "{text}");
        }
    }

    #[test]
    fn what_is_written_on_a_colour_is_read_with_ease() {
        for (color, light) in
            [("#ffffff", true), ("#000000", false), ("#ffd500", true), ("#0a7d4f", false), ("#777777", true)]
        {
            let color: Color = color.parse().unwrap();
            assert_eq!(color.is_light(), light, "{color}");
            let luminance = color.luminance();
            let ratio = if light { (luminance + 0.05) / 0.05 } else { 1.05 / (luminance + 0.05) };
            assert!(ratio >= 4.5, "{color}: {ratio}");
        }
    }

    #[test]
    fn a_logo_is_told_by_its_bytes_and_is_small() {
        let svg = br#"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>"#;
        for (bytes, media_type) in [
            (&b"\x89PNG\r\n\x1a\nx"[..], LogoType::Png),
            (b"\xff\xd8\xff\xe0", LogoType::Jpeg),
            (b"RIFF\0\0\0\0WEBPVP8 ", LogoType::WebP),
            (svg, LogoType::Svg),
        ] {
            assert_eq!(Logo::new(bytes.to_vec()).unwrap().media_type(), media_type);
        }
        for bytes in [&b""[..], b"<html><svg/></html>", b"GIF89a", b"BM"] {
            assert_eq!(Logo::new(bytes.to_vec()), Err(LogoError::NoPicture));
        }
        let mut large = b"\x89PNG\r\n\x1a\n".to_vec();
        large.resize(Logo::MAX_BYTES, 0);
        assert!(Logo::new(large.clone()).is_ok());
        large.push(0);
        assert_eq!(Logo::new(large), Err(LogoError::TooLarge));
    }
}
