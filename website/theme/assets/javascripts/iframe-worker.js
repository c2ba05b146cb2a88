/* Search without a server, and in Chinese.

   A page that is opened as a file may start no worker, so its script runs in a frame of its own
   there. The index holds each Han character as a word (website/han.py): all of those that were
   typed side by side are asked for, and what has them side by side is kept. */
(() => {
  const Real = window.Worker
  const HAN = /\p{Script=Han}+/gu

  const startedInFrame = (url, tell) => {
    const frame = document.createElement("iframe")
    frame.hidden = true
    document.body.append(frame)
    const inside = frame.contentWindow
    inside.postMessage = tell
    const script = inside.document.createElement("script")
    script.src = new URL(url, document.baseURI)
    const ready = new Promise(resolve => script.addEventListener("load", resolve))
    inside.document.body.append(script)
    return async data => {
      await ready
      inside.dispatchEvent(new MessageEvent("message", { data }))
    }
  }

  const startedAsWorker = (url, tell) => {
    const worker = new Real(url)
    worker.addEventListener("message", event => tell(event.data))
    return async data => worker.postMessage(data)
  }

  const spelled = query =>
    query.replace(HAN, run => ` ${[...run].map(each => `+${each}`).join(" ")} `)

  const plain = text => (text ?? "").replace(/<[^>]*>|\u200b/g, "")

  const holds = (item, runs) => {
    const text = `${plain(item.title)} ${plain(item.text)}`
    return runs.every(run => text.includes(run))
  }

  const kept = (groups, runs) =>
    groups
      .filter(group => group.some(item => holds(item, runs)))
      .map(group => group.filter(item => !item.location.includes("#") || holds(item, runs)))

  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      this.runs = []
      const start = location.protocol === "file:" ? startedInFrame : startedAsWorker
      this.send = start(url, data => this.tell(data))
    }

    postMessage(message) {
      if (typeof message.data === "string") {
        this.runs = message.data.match(HAN) ?? []
        message = { ...message, data: spelled(message.data) }
      }
      this.send(message)
    }

    tell(data) {
      if (data.data?.items) data.data.items = kept(data.data.items, this.runs)
      this.dispatchEvent(new MessageEvent("message", { data }))
    }
  }
})()
