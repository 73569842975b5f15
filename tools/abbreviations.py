"""What a full stop does not end: the tables that sentence splitting looks into.

Abbreviations are listed only where they stand before what they belong to (`Dr.`, `z. B.`, `ул.`):
one that may also end a sentence (`etc.`) is decided by the case of the next letter. Initials and
dotted abbreviations (`U.S.`, `п. н. э.`) need no listing: they end a sentence only before a word
that opens many sentences and no names.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crosearch.tools.languages import Language


def _words(**by_language: str) -> Mapping[Language, frozenset[str]]:
    return MappingProxyType(
        {Language(code): frozenset(words.split()) for code, words in by_language.items()}
    )


ABBREVIATIONS = _words(
    ar="أ.د د م.م هـ.ش",
    de="abb abs abt art bd bspw bzgl bzw ca co dipl dr evtl fa fr frl geb gegr gest ggf hl hr "
    "hrn hrsg ing inkl insb jh kap lt mag max mio mrd mr mrs nr op pos prof sog st str tel "
    "verh vgl vs zit zt zzgl",
    el="απεβ αγ αρ βλ γεν δηλ δρ εικ ελλ καθ κεφ λ λεωφ πβ πρβ σελ στρ τηλ τομ φιλ χλμ χιλ",
    en="adm approx ave bros brig ca capt cf ch chap cmdr col comm dept dr ed eds est fig figs fr "
    "ft gen gov hon inc lt maj messrs mr mrs ms mt mts no nos op pp prof pvt rep rev sen sgt "
    "sr st vol vols vs",
    es="aprox apdo art av avda cap cf dr dra drs ed ej excmo fig gral hnos ing lic lám mons nº "
    "núm núms pág págs pdte prof profa sr sra sres srta sta sto tel ud uds vol",
    fa="دکتر م",
    fr="app art av bd cf ch chap col dr ed éd env ex fig gén hab mgr mlle mlles mm mme mmes mr "
    "nb no p pp ph pr prof réf rév st ste vol",
    hi="अ आई आर इ ई ए एक्स एच एन एफ एम एल एस ओ के क्यू कु जी जे जेड टी डब्ल्यू डी डॉ पं पी प्रो "
    "बी मि यू वाई वी श्री श्रीमती सं सी सु स्व",
    id="bpk dr drg drs dra gg gn hj ir jl kab kec kel no nn ny op prof st sdr tgl tn",
    it="art artt avv cap cav cfr dott dr ecc ed egr fig figg geom gen ing mons n nn no on pag "
    "pagg prof proff rag sig sigg sigra sen ss st tab tel vol voll",
    nl="afb art bijv blz ca dhr dr drs ds fig gebr gem hfst ing ir jhr jkvr jl jr max mej mevr "
    "mgr min mr mw nl nr ong prof resp sr st tel vgl vs zgn",
    pl="abp al art bł bp bryg cd cz dr doc dyr gen godz hab im inż kard kl kmdr kpt ks lek lic "
    "łac m.in mgr min mjr mł np nr nt o ok os pl pl płk por pow poz ppłk prof pt red rozdz "
    "rtm rys s śp św tab tel tj tys tzn tzw ul ur ust woj wyd zm zob",
    pt="adm aprox art av cap cel cf dr dra drs dras ed eng exmo exma fig gen nº núm pág págs pe "
    "prof profa rev sr sra srs sras sta sto tel vol",
    ro="alin art bd biserica cap cca conf dl dna dr dra ex fig gen ing jud lit lt mr nr obs op "
    "pag pct pr prof sf str tel vol",
    ru="акад англ бул вып ген гл гос дж диам доб др ед заруб зам им инж илл исп итал кн корп кв "
    "лат мин митр мл нач напр нем обл окр оп пер пл пос пр прим проф род рис св сев см совр "
    "ср ст стр табл тел тыс ул ум умер фр франц чл шт юж яп",
    sw="bi bw dk dkt mhe mh mt na nk prof uk",
    th="ดร ต จ อ ถ ซ ม น ส พล ร พ ศ ค",
    tr="alb apt av bkz bl böl cad cilt doç dr ecz gen hz ing is kur m.ö mah müh no nu op ord öğr "
    "ör örn prof s sf sn sok st tel tğm uzm üstğm vb vd yar yrd yy",
    uk="акад англ бул вид вул гл гр ген див доц ім інж кн кв лат м мал мін напр нар нім о обл оз "
    "пл пор пр пров проф р рис род рос с св смт ст стор табл тел тис ул франц чл",
    ur="ڈاکٹر پروفیسر",
    vi="bs gs hn ks p pgs q ths tp tr ts tx v.v",
)
"""By language, in lower case and without the last full stop."""

OPENERS = _words(
    de="Aber Als Am An Auch Auf Außerdem Bei Bis Da Dabei Damit Danach Daher Das Dem Den Denn "
    "Der Des Die Dies Diese Dieser Dieses Doch Durch Ein Eine Einer Er Es Für Heute Ich Ihr "
    "Ihre Im In Jedoch Man Mit Nach Nachdem Ob Obwohl Seit Sein Seine Seit Sie So Später "
    "Trotz Um Und Unter Vom Von Vor Während Was Weil Wenn Wer Wie Wir Zu Zum Zur",
    el="Αν Αυτή Αυτό Αυτός Από Για Ένα Ένας Επίσης Η Και Κατά Με Μετά Μια Ο Οι Όταν Στα Στη Στην "
    "Στις Στο Στον Στους Τα Την Της Τις Το Τον Του Των Ως Ωστόσο",
    en="A After Although An And As At Because Before But By During For From He Her Here His How "
    "However I If In It Its Many Most My No Not On One Other Our She Since So Some Such That "
    "The Their Then There These They This Those Though Through Thus To Under Until We What "
    "When Where While Who Why With You",
    es="A Al Algunos Además Aunque Como Con Cuando De Del Desde Después Durante El Ella Ellos En "
    "Entre Era Es Esta Este Esto Estos Fue Ha Hasta Hay La Las Lo Los Más Mientras No Para "
    "Pero Por Se Según Si Sin Sobre Su Sus También Tras Un Una Uno Y",
    fr="À Après Au Aussi Aux Avec Avant Ce Ces Cet Cette Cela Comme Dans De Depuis Des Dès Du "
    "Elle Elles En Entre Et Il Ils Je La Le Les Leur Lors Mais Malgré Même Nous On Or Ou Où "
    "Par Pendant Pour Quand Sa Se Selon Ses Si Son Sous Sur Un Une Vers Vous",
    id="Akan Anda Apa Bagi Dalam Dan Dari Dengan Di Dia Hal Ia Ini Itu Jika Kami Karena Ke "
    "Ketika Menurut Mereka Namun Oleh Pada Para Saat Sebagai Sejak Selain Setelah Tetapi "
    "Untuk Yang",
    it="A Ad Ai Al Alla Alcuni Anche Che Come Con Da Dal Dalla Del Della Dopo Durante È Ed Egli "
    "Essa Esso Gli Ha I Il In Infatti La Le Lo L Ma Mentre Nel Nella Negli Non Nonostante Per "
    "Però Perché Quando Questa Questo Se Secondo Si Sono Su Sul Tra Un Una Uno",
    nl="Aan Alle Als Bij Daarna Dat De Deze Die Dit Door Een En Er Haar Het Hier Hij Hoewel Hun "
    "Ik In Is Je Maar Met Na Naar Niet Om Omdat Onder Ook Op Over Sinds Te Toen Tot Tussen "
    "Uit Van Volgens Voor Want Wat We Ze Zij Zijn Zo",
    pl="A Ale Był Była Było Co Dla Do Gdy I Ich Jako Jego Jej Jednak Jest Jeśli Kiedy Ma Mimo Na "
    "Nad Nie O Od On Ona Oni Ono Po Pod Podczas Przed Przez Przy Są Ta Tak Te Ten To Tu W We "
    "Według Wraz Z Za Ze Został",
    pt="A Além Alguns Ao Após Apesar As Até Com Como Da Das De Depois Desde Do Dos Durante E Ela "
    "Ele Eles Em Embora Entre Era Essa Esse Esta Este Foi Há Isso Mas Mais Muitos Na Nas No "
    "Nos Não O Os Ou Para Pela Pelo Por Porém Quando Que Se Segundo Sem Sob Sobre Sua Também "
    "Um Uma",
    ro="A Acest Aceasta Această Aceste Astfel Au Ca Care Când Conform Cu Dar Dacă De După Deși "
    "Din Ea Ei El Este În Într Între La Mai Mulți Nu O Pe Pentru Pentru Prin S Sa Se Și Sub "
    "Sunt Un",
    ru="А Более Был Была Было В Вместе Во Все Где Да Для До Его Если Есть Еще Ещё За Затем И Из "
    "Их К Как Когда Кроме Мы На Над Не Но О Об Однако Он Она Они Оно От По Под После Поэтому "
    "При С Со Так Также Там То Тогда У Хотя Что Эта Эти Это Этот Я",
    sw="Aidha Alikuwa Baada Hata Hivyo Huko Ili Ingawa Kabla Katika Kwa Kisha Lakini Mwaka Na Ni "
    "Pia Tangu Wakati Ya Yeye",
    tr="Ama Ancak Aynı Bazı Ben Bir Birçok Biz Böylece Bu Bunlar Buna Bunun Çok Çünkü Daha Eğer "
    "En Fakat Gibi Hem Her İlk İse Kendi Ne O Olarak Onlar Onun Sonra Şu Ve Yani",
    uk="А Але Був Була Було В Від Він Вона Вони Воно Де Для До Де Є За Зі З І Із Його Її Їх Й "
    "Коли Крім Ми На Над Не О Однак Після По Під При Проте Та Так Також То Тоді У Хоча Це Ці "
    "Цей Ця Що Як Якщо Я",
    vi="Bà Các Có Cả Cô Cùng Do Đây Đó Để Đến Hiện Họ Khi Không Mặc Một Mỗi Năm Nếu Người Nhưng "
    "Những Nó Ở Ông Sau Sự Tại Theo Trong Trước Tuy Từ Và Vào Với Vì",
)
"""By language: words that often open a sentence, and never go on a name or follow an ordinal."""

ORDINAL_DOT: frozenset[Language] = frozenset(
    Language(code) for code in "bs cs da de et fi fo hr hu is lb lv nb nn no pl sk sl sr tr".split()
)
"""Languages that write the third as `3.`"""

THAI_OPENERS: tuple[str, ...] = tuple(
    "แต่ นอกจาก อย่างไรก็ หลังจาก เนื่องจาก ดังนั้น ตัวอย่างเช่น ต่อมา ถึงแม้ แม้ว่า ในขณะที่ ขณะที่ "
    "ในปี ใน พ.ศ. ใน ค.ศ. เมื่อ เขา เธอ พวกเขา โดยเฉพาะ ปัจจุบัน ทั้งนี้ ทั้งหมดนี้ ในช่วง ระหว่าง "
    "ตั้งแต่ จากนั้น ก่อนหน้า สำหรับ ส่วน ตามปกติ ที่จริง เพราะ หาก ถ้า นี่ มัน การ ชาว".split()
)
"""What Thai sentences often begin with, after the space that may end the one before."""
