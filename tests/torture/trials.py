"""Which trials there are, in the order in which they are made."""

from torture import books, determinism, disk, fuzz, kills, numbers, pictures, records
from torture.trial import Trial

TRIALS = (
    Trial(
        "spoiled photographs and masks",
        "a sentence or an answer, never a traceback; a file with a checksum never becomes another picture without a"
        " word; memory stays bounded",
        2000,
        pictures.spoiled_pictures,
    ),
    Trial(
        "spoiled records, weights and settings",
        "a sentence or a value, never a traceback; changed weights are noticed; memory stays bounded",
        500,
        records.spoiled_records,
    ),
    Trial(
        "fuzzed parsers",
        "whatever bytes lead deeper into the code that reads them, there is a value or a sentence",
        60_000,
        fuzz.of_parsers,
    ),
    Trial(
        "kill -9 of a training",
        "the next start goes on; the weights in the end are those of a training left alone, bit for bit",
        20,
        kills.of_training,
    ),
    Trial(
        "kill -9 of a study",
        "no worker stays, nothing finished is lost or made twice, and all numbers in the end are the same",
        15,
        kills.of_study,
    ),
    Trial(
        "kill -9 of a folder being filled",
        "no picture is lost or filled twice, and all in the end are the same",
        10,
        kills.of_fills,
    ),
    Trial(
        "kill -9 of a book being built",
        "the next build mends it without a hand: no lock, no kernel and no half figure stays, no finished chapter runs"
        " again",
        5,
        books.of_kills,
    ),
    Trial("two builds at once", "one works, the other says so and ends", 3, books.of_two),
    Trial(
        "a book of spoiled files",
        "what a person wrote is named in a sentence and the earlier book stays; what a build made is made anew",
        12,
        books.of_spoiled,
    ),
    Trial(
        "a full disk",
        "one sentence; whole files stay whole, no half one is left, and with room the work is finished",
        24,
        disk.full,
    ),
    Trial(
        "hard numbers",
        "answers and gradients are numbers for every network, on flat, extreme and noisy images, with masks of all hole"
        " or none, in float32, bfloat16 and float16",
        270,
        numbers.of_networks,
    ),
    Trial(
        "a long training",
        "losses are numbers to the end; memory grows by less than two percent, open files stay",
        10_000,
        numbers.of_long_training,
    ),
    Trial(
        "other numbers of threads",
        "equal settings give equal bits; the answers, in -1 to 1, of one, two and four threads agree within"
        f" {determinism.TOLERANCE:g}",
        27,
        determinism.of_threads,
    ),
    Trial(
        "the same book again",
        "figures are equal to the byte, pages but for dates and times, one notebook at a time or two",
        3,
        determinism.of_books,
    ),
)
