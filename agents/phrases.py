"""The set phrases of the extractive policy, in the languages of the embedded embedder."""

from collections.abc import Mapping
from dataclasses import dataclass

from crosearch.tools.languages import Language


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrases:
    """One language's set phrases."""

    not_found: str
    original: str
    """Says that `{sentence}` is quoted in `{language}`, a language's name in the nominative."""
    disagree: str
    """Says that sources differ, and lists `{values}`."""


def phrases_in(language: Language) -> Phrases:
    """Return the phrases in a language; in English where there are none."""
    return _PHRASES.get(language, _PHRASES["en"])


def language_name(language: Language, *, within: Language) -> str:
    """Name a language in another; in English where CLDR has no name for it."""
    from babel import Locale, UnknownLocaleError

    try:
        names = Locale(within).languages
    except UnknownLocaleError:
        names = Locale("en").languages
    return str(names.get(language) or Locale("en").languages.get(language, language))


_PHRASES: Mapping[str, Phrases] = {
    "ar": Phrases(
        not_found="لم أجد جوابًا عن هذا السؤال في النصوص التي بحثت فيها.",
        original="النص الأصلي ({language}): «{sentence}»",
        disagree="تختلف المصادر: {values}",
    ),
    "de": Phrases(
        not_found="In den durchsuchten Texten steht dazu keine Antwort.",
        original="Im Original ({language}): „{sentence}“",
        disagree="Die Quellen widersprechen sich: {values}",
    ),
    "el": Phrases(
        not_found="Δεν βρήκα απάντηση σε αυτό στα κείμενα που έψαξα.",
        original="Στο πρωτότυπο ({language}): «{sentence}»",
        disagree="Οι πηγές διαφωνούν: {values}",
    ),
    "en": Phrases(
        not_found="The passages that were searched hold no answer to this.",
        original="In the original ({language}): “{sentence}”",
        disagree="The sources disagree: {values}",
    ),
    "es": Phrases(
        not_found="No encontré respuesta a esta pregunta en los textos consultados.",
        original="En el original ({language}): «{sentence}»",
        disagree="Las fuentes no coinciden: {values}",
    ),
    "fa": Phrases(
        not_found="در متن‌هایی که جست‌وجو شد پاسخی برای این پرسش پیدا نکردم.",
        original="متن اصلی ({language}): «{sentence}»",
        disagree="منابع با هم اختلاف دارند: {values}",
    ),
    "fr": Phrases(
        not_found="Les textes consultés ne donnent pas de réponse à cette question.",
        original="Dans l'original ({language}) : « {sentence} »",
        disagree="Les sources ne concordent pas : {values}",
    ),
    "hi": Phrases(
        not_found="खोजे गए लेखों में इस प्रश्न का उत्तर नहीं मिला।",
        original="मूल पाठ ({language}): “{sentence}”",
        disagree="स्रोत एकमत नहीं हैं: {values}",
    ),
    "id": Phrases(
        not_found="Saya tidak menemukan jawabannya dalam teks yang ditelusuri.",
        original="Dalam teks aslinya ({language}): “{sentence}”",
        disagree="Sumber-sumber tidak sepakat: {values}",
    ),
    "it": Phrases(
        not_found="Nei testi consultati non ho trovato una risposta a questa domanda.",
        original="Nell'originale ({language}): «{sentence}»",
        disagree="Le fonti non concordano: {values}",
    ),
    "ja": Phrases(
        not_found="検索した文章の中に、この質問の答えは見つかりませんでした。",
        original="原文（{language}）：「{sentence}」",
        disagree="資料によって異なります：{values}",
    ),
    "ko": Phrases(
        not_found="검색한 글에서 이 질문의 답을 찾지 못했습니다.",
        original="원문({language}): “{sentence}”",
        disagree="자료마다 다릅니다: {values}",
    ),
    "nl": Phrases(
        not_found="In de doorzochte teksten staat hier geen antwoord op.",
        original="In het origineel ({language}): “{sentence}”",
        disagree="De bronnen spreken elkaar tegen: {values}",
    ),
    "pl": Phrases(
        not_found="W przeszukanych tekstach nie ma odpowiedzi na to pytanie.",
        original="W oryginale ({language}): „{sentence}”",
        disagree="Źródła podają różnie: {values}",
    ),
    "pt": Phrases(
        not_found="Não encontrei resposta a esta pergunta nos textos consultados.",
        original="No original ({language}): «{sentence}»",
        disagree="As fontes não coincidem: {values}",
    ),
    "ro": Phrases(
        not_found="Nu am găsit răspunsul la această întrebare în textele consultate.",
        original="În original ({language}): „{sentence}”",
        disagree="Sursele nu sunt de acord: {values}",
    ),
    "ru": Phrases(
        not_found="В просмотренных текстах ответа на этот вопрос нет.",
        original="В оригинале ({language}): «{sentence}»",
        disagree="Источники расходятся: {values}",
    ),
    "sw": Phrases(
        not_found="Sikupata jibu la swali hili katika maandishi yaliyotafutwa.",
        original="Katika maandishi ya asili ({language}): “{sentence}”",
        disagree="Vyanzo havikubaliani: {values}",
    ),
    "th": Phrases(
        not_found="ไม่พบคำตอบของคำถามนี้ในข้อความที่ค้นหา",
        original="ต้นฉบับ ({language}): “{sentence}”",
        disagree="แหล่งข้อมูลให้ข้อมูลไม่ตรงกัน: {values}",
    ),
    "tr": Phrases(
        not_found="Taranan metinlerde bu sorunun yanıtını bulamadım.",
        original="Özgün metin ({language}): “{sentence}”",
        disagree="Kaynaklar farklı bilgi veriyor: {values}",
    ),
    "uk": Phrases(
        not_found="У переглянутих текстах немає відповіді на це запитання.",
        original="В оригіналі ({language}): «{sentence}»",
        disagree="Джерела розходяться: {values}",
    ),
    "vi": Phrases(
        not_found="Tôi không tìm thấy câu trả lời cho câu hỏi này trong các văn bản đã tìm.",
        original="Nguyên văn ({language}): “{sentence}”",
        disagree="Các nguồn không thống nhất: {values}",
    ),
    "zh": Phrases(
        not_found="在检索到的文章中没有找到这个问题的答案。",
        original="原文（{language}）：“{sentence}”",
        disagree="各来源说法不一：{values}",
    ),
}
