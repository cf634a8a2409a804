// Reviews that come by themselves: a press (data-cara="tombol") or the end of the page (data-cara="gulir") asks for more.
const list = document.querySelector("#ulasan"), how = list.dataset.cara, pages = Number(list.dataset.halaman);
let page = 0, waiting = false;

function show(review) {
  const article = document.createElement("article");
  article.className = "ulasan";
  for (const [tag, name, value] of [["b", "nama", review.nama], ["p", "teks", review.ulasan], ["p", "terjemahan", review.terjemahan]]) {
    const element = document.createElement(tag);
    element.className = name;
    element.textContent = value;
    article.append(element);
  }
  const stars = document.createElement("span"), day = document.createElement("time");
  stars.className = "bintang";
  stars.dataset.nilai = review.bintang;
  stars.textContent = "★".repeat(review.bintang);
  day.dateTime = day.textContent = review.tanggal;
  article.append(stars, " ", day);
  return article;
}

async function more() {
  if (waiting || page >= pages) return;
  waiting = true;
  const answer = await fetch(list.dataset.alamat + "-" + (page + 1) + ".json");
  const found = (await answer.json()).map(show);
  if (how === "tombol") list.replaceChildren(...found); else list.append(...found);
  page += 1;
  waiting = false;
  if (page >= pages) document.querySelector(".berikutnya")?.remove();
}

if (how === "tombol") {
  document.querySelector(".berikutnya").addEventListener("click", more);
  new IntersectionObserver((seen, it) => { if (seen[0].isIntersecting) { it.disconnect(); more(); } }).observe(list);
} else {
  more();
  addEventListener("scroll", () => {
    if (innerHeight + scrollY >= document.documentElement.scrollHeight - 50) more();
  });
}
