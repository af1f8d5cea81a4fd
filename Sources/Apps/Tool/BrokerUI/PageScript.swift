/// The page's script. It writes what it is told as text nodes only, so that nothing in a topic's name or a message can
/// become markup; the Content-Security-Policy would refuse scripts of any other origin as well.
enum PageScript {
    static let text = common + PageTopicScript.text + routes

    /// Making elements, what was seen over time, and the pages that are tables.
    private static let common = #"""
        "use strict";

        // MARK: making elements

        function make(tag, attributes, ...children) {
          const node = document.createElement(tag);
          for (const [name, value] of Object.entries(attributes ?? {})) {
            if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
            else if (value === true) node.setAttribute(name, "");
            else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
          }
          node.append(...children.flat().filter(child => child !== null && child !== undefined).map(child =>
            child instanceof Node ? child : document.createTextNode(String(child))));
          return node;
        }

        const count = number => Number(number).toLocaleString("en-US");
        const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

        function size(bytes) {
          if (bytes < 1024) return `${bytes} B`;
          const units = ["KiB", "MiB", "GiB", "TiB"];
          let index = -1;
          do { bytes /= 1024; index += 1; } while (bytes >= 1024 && index < units.length - 1);
          return `${bytes.toFixed(bytes < 10 ? 1 : 0)} ${units[index]}`;
        }

        function clock(milliseconds, withDate) {
          if (milliseconds < 0) return "no time";
          const date = new Date(milliseconds);
          const two = number => String(number).padStart(2, "0");
          const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
            + `.${String(date.getMilliseconds()).padStart(3, "0")}`;
          if (!withDate) return time;
          return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
        }

        function table(heads, rows) {
          const cells = (tag, values) => values.map((value, index) => {
            const style = (heads[index].style ?? "") + (heads[index].wide ? " wide" : "");
            return make(tag, { class: style.trim() || null }, tag === "th" ? value.title : value);
          });
          return make("div", { class: "card scroll" }, make("table", null,
            make("thead", null, make("tr", null, cells("th", heads))),
            make("tbody", null, rows.map(row => make("tr", null, cells("td", row))))));
        }

        function trend(values, label) {
          const space = "http://www.w3.org/2000/svg";
          const drawing = document.createElementNS(space, "svg");
          drawing.setAttribute("class", "trend");
          drawing.setAttribute("viewBox", "0 0 84 22");
          drawing.setAttribute("role", "img");
          drawing.setAttribute("aria-label", label);
          const highest = Math.max(1, ...values);
          const line = document.createElementNS(space, "polyline");
          const points = values.length > 1 ? values : [values[0] ?? 0, values[0] ?? 0];
          line.setAttribute("points", points.map((value, index) =>
            `${(2 + 80 * index / (points.length - 1)).toFixed(1)},${(20 - 18 * value / highest).toFixed(1)}`).join(" "));
          drawing.append(line);
          return drawing;
        }

        // MARK: what was seen over time

        /// Sixty samples of a number by name, a second apart.
        class History {
          samples = new Map();
          note(name, value, time) {
            const list = this.samples.get(name) ?? [];
            list.push({ value, time });
            if (list.length > 60) list.shift();
            this.samples.set(name, list);
          }
          values(name) { return (this.samples.get(name) ?? []).map(sample => sample.value); }
          /// By how much it grew a second, over the last five samples.
          rate(name) {
            const list = (this.samples.get(name) ?? []).slice(-6);
            if (list.length < 2) return 0;
            const first = list[0];
            const last = list[list.length - 1];
            return last.time > first.time ? (last.value - first.value) * 1000 / (last.time - first.time) : 0;
          }
          /// The growth from sample to sample.
          steps(name) {
            const list = this.samples.get(name) ?? [];
            return list.slice(1).map((sample, index) => Math.max(0, sample.value - list[index].value));
          }
        }

        const produced = new History();
        const lags = new History();
        const perSecond = rate => rate === 0 ? "0/s" : rate < 10 ? `${rate.toFixed(1)}/s` : `${count(Math.round(rate))}/s`;

        function direction(rate) {
          if (Math.abs(rate) < 0.05) return "steady";
          return rate > 0 ? `growing ${perSecond(rate)}` : `shrinking ${perSecond(-rate)}`;
        }

        // MARK: asking the broker

        const status = document.getElementById("status");
        const view = document.getElementById("view");

        async function ask(path) {
          const answer = await fetch(path);
          if (!answer.ok) throw new Refusal((await answer.text()).trim());
          return answer.json();
        }
        class Refusal extends Error {}

        function tell(kind, text) {
          status.className = kind;
          status.textContent = text;
        }

        /// Puts nodes in place only where they differ from what is there, so that a selection is kept.
        let shown = "";
        function show(key, ...nodes) {
          if (key === shown) return;
          shown = key;
          view.replaceChildren(...nodes);
        }

        /// Says where not all are shown.
        const some = (shown, all) => shown.length < all
          ? [make("p", { class: "dim" }, `the first ${count(shown.length)} of ${count(all)}`)] : [];

        // MARK: pages

        /// What of the topics is shown, and in which order.
        const topicChoice = { search: "", column: "name", isDescending: false };
        const searchField = make("input", { type: "search", placeholder: "search", "aria-label": "Search topics",
          oninput: () => { topicChoice.search = searchField.value; turn(); } });

        function orderedBy(column, title) {
          const isChosen = topicChoice.column === column;
          return make("button", { class: "order", "aria-pressed": String(isChosen), onclick: () => {
            topicChoice.isDescending = isChosen ? !topicChoice.isDescending : column !== "name";
            topicChoice.column = column;
            turn();
          } }, title + (isChosen ? topicChoice.isDescending ? " ▼" : " ▲" : ""));
        }

        async function topicsPage() {
          const answer = await ask("/api/topics");
          const now = Date.now();
          for (const topic of answer.topics) produced.note(topic.name, topic.produced, now);
          tell("live", answer.bootstrap);
          const text = topicChoice.search.toLowerCase();
          const sign = topicChoice.isDescending ? -1 : 1;
          const rows = answer.topics.filter(topic => topic.name.toLowerCase().includes(text))
            .map(topic => ({ ...topic, perSecond: produced.rate(topic.name), rate: perSecond(produced.rate(topic.name)) }))
            .sort((a, b) => {
              const [x, y] = [a[topicChoice.column], b[topicChoice.column]];
              return x === y ? (a.name < b.name ? -1 : 1) : x < y ? -sign : sign;
            });
          const key = JSON.stringify([topicChoice, rows, rows.map(topic => produced.steps(topic.name))]);
          if (answer.topics.length === 0) {
            return show(key, make("h1", null, "Topics"), make("p", { class: "card note" },
              "There are no topics yet. Produce to one, or start kw broker with --topic NAME:PARTITIONS."));
          }
          const heads = [
            { title: orderedBy("name", "Topic"), style: "name" },
            { title: orderedBy("partitions", "Partitions"), style: "number", wide: true },
            { title: orderedBy("records", "Messages"), style: "number" },
            { title: orderedBy("bytes", "Size"), style: "number" },
            { title: orderedBy("perSecond", "Rate"), style: "number" }, { title: "Last minute", wide: true },
          ];
          const isTyping = document.activeElement === searchField;
          const total = rows.length < answer.topics.length
            ? `${count(rows.length)} of ${plural(answer.topics.length, "topic")}` : plural(rows.length, "topic");
          show(key, make("h1", null, "Topics"),
            make("div", { class: "tools" }, searchField, make("span", { class: "dim" }, total)), table(heads, rows.map(topic => [
            make("a", { href: `#/topics/${encodeURIComponent(topic.name)}` }, topic.name), count(topic.partitions),
            count(topic.records), size(topic.bytes), topic.rate,
            trend(produced.steps(topic.name), `messages a second of ${topic.name}`),
          ])));
          if (isTyping) searchField.focus();
        }

        /// The groups that are unfolded.
        const openGroups = new Set();

        async function groupsPage() {
          const answer = await ask("/api/groups");
          const now = Date.now();
          for (const group of answer.groups) lags.note(group.id, group.lag, now);
          tell("live", "live");
          const heads = [
            { title: "Topic", style: "name" }, { title: "Partition", style: "number" },
            { title: "Committed", style: "number" }, { title: "End", style: "number", wide: true },
            { title: "Lag", style: "number" }, { title: "Member", wide: true },
          ];
          const states = { Stable: "good", Empty: "", Dead: "bad" };
          const key = JSON.stringify([answer, answer.groups.map(group => lags.values(group.id))]);
          const cards = answer.groups.map(group => make("details", { class: "card group", open: openGroups.has(group.id),
            ontoggle: event => { event.target.open ? openGroups.add(group.id) : openGroups.delete(group.id); } },
            make("summary", { class: "heading" },
              make("b", null, group.id),
              make("span", { class: `state ${states[group.state] ?? "warn"}` }, group.state),
              make("span", null, `lag ${count(group.lag)}`),
              trend(lags.values(group.id), `lag of ${group.id}`),
              make("span", { class: "dim" }, direction(lags.rate(group.id))),
              make("span", { class: "dim" }, plural(group.members.length, "member")
                + (group.protocol ? `, ${group.protocol}` : "") + `, generation ${group.generation}`)),
            group.offsets.length === 0 ? make("p", { class: "note" }, "Nothing is committed yet.") : table(heads,
              group.offsets.map(offset => [
                make("a", { href: `#/topics/${encodeURIComponent(offset.topic)}` }, offset.topic), offset.partition,
                offset.committed === null ? "–" : count(offset.committed), offset.end === null ? "gone" : count(offset.end),
                offset.lag === null ? "–" : count(offset.lag), offset.member ?? "–",
              ])).firstChild,
            group.members.length === 0 ? null : make("div", { class: "members" },
              make("h3", null, "Members"),
              group.members.map(member => make("div", null,
                make("b", null, member.clientId), " ",
                make("span", { class: "dim mono" }, member.id + (member.isLeader ? " (leader)" : "")), " ",
                make("span", null, member.assignment.length === 0 ? "no partitions"
                  : member.assignment.map(share => `${share.topic}: ${share.partitions.join(", ")}`).join("; ")))))));
          show(key, make("h1", null, "Groups"), ...some(answer.groups, answer.count), cards.length > 0 ? cards[0] : make("p", { class: "card note" },
            "There are no groups yet. A consumer makes one."), ...cards.slice(1));
        }

        async function transactionsPage() {
          const answer = await ask("/api/transactions");
          tell("live", "live");
          const heads = [
            { title: "Transactional id", style: "name" }, { title: "State" }, { title: "Producer", style: "number" },
            { title: "Epoch", style: "number", wide: true }, { title: "Partitions and groups", wide: true },
          ];
          show(JSON.stringify(answer), make("h1", null, "Transactions"),
            ...some(answer.transactions, answer.count), answer.transactions.length === 0
            ? make("p", { class: "card note" }, "No producer has used a transactional id yet.")
            : table(heads, answer.transactions.map(one => [
              one.id, make("span", { class: `state ${one.state === "Ongoing" ? "warn" : "good"}` }, one.state),
              one.producerId, one.producerEpoch, [...one.partitions, ...one.groups].join(", ") || "–",
            ])));
        }

        """#

    /// Which page is shown, and when it is asked for again.
    private static let routes = #"""
        // MARK: which page, and when

        let page = null;
        let pageRoute = null;

        function currentPage() {
          const route = location.hash || "#/topics";
          if (route === pageRoute) return page;
          pageRoute = route;
          const [path, query] = route.slice(1).split("?");
          const parts = path.split("/").filter(part => part !== "");
          for (const link of document.querySelectorAll("nav a")) {
            link.classList.toggle("here", link.getAttribute("href") === `#/${parts[0] ?? "topics"}`);
          }
          shown = "";
          if (parts[0] === "topics" && parts.length > 1) {
            const topic = new TopicPage(decodeURIComponent(parts[1]), new URLSearchParams(query ?? ""));
            page = () => topic.refresh();
          } else {
            page = { groups: groupsPage, transactions: transactionsPage }[parts[0]] ?? topicsPage;
          }
          return page;
        }

        let isBusy = false;
        async function turn() {
          if (isBusy || document.hidden) return;
          isBusy = true;
          const route = location.hash;
          try {
            await currentPage()();
          } catch (error) {
            if (error instanceof Refusal) show(error.message, make("p", { class: "card note" }, error.message));
            else tell("lost", "the broker does not answer");
          }
          isBusy = false;
          // The visitor went on meanwhile.
          if (route !== location.hash) turn();
        }

        addEventListener("hashchange", turn);
        document.addEventListener("visibilitychange", turn);
        setInterval(turn, 1000);
        turn();

        """#
}
