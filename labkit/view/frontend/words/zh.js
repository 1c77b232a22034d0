/* Chinese. The left side is what the views say in English, word for word; language.js tells what stands for what varies in it. */

/** @type {Object<string, string>} */
export const ZH = {
  /* counting */
  "{#} node(s)": "{} 个节点", "{#} message(s)": "{} 条消息", "{#} link(s)": "{} 条链路", "{#} vote(s)": "{} 票", "{#} item(s)": "{} 项", "{#} key(s)": "{} 个键",
  "{#} term(s)": "{} 个任期", "{#} ballot(s)": "{} 个提案编号", "{#} transaction(s)": "{} 个事务", "{#} operation(s)": "{} 个操作", "{#} server(s)": "{} 个服务器",
  "{#} entry": "{} 个条目", "{#} entries": "{} 个条目", "and {#} more": "另有 {} 个", "{#} ms": "{} 毫秒", "seed {}": "种子 {}", "{#} of {#}": "{1} / {2}",
  "{#} s of {#} s": "{} s / {} s", "{#} term(s) so far": "至今 {} 个任期", "{#} ballot(s) so far": "至今 {} 个提案编号", "{#} transaction(s) so far": "至今 {} 个事务",
  "{#} operation(s) so far": "至今 {} 个操作", "{#} operation(s) so far.": "至今 {} 个操作。", "{#} message(s) so far": "至今 {} 条消息", "{#} so far": "至今 {}", "none so far": "尚无",
  "{#} earlier term(s)": "前面还有 {} 个任期", "{#} later term(s)": "后面还有 {} 个任期", "{#} earlier ballot(s)": "前面还有 {} 个提案编号", "{#} later ballot(s)": "后面还有 {} 个提案编号",
  "{#} earlier transaction(s)": "前面还有 {} 个事务", "{#} later transaction(s)": "后面还有 {} 个事务", "{#} earlier entry": "前面还有 {} 个条目", "{#} earlier entries": "前面还有 {} 个条目",
  "{#} later": "后面还有 {} 个", "‹ {*}": "‹ {}", "{*} ›": "{} ›",

  /* the header */
  "{=}: the run, moment by moment. Space plays and pauses, the arrow keys step, N and P jump to the next and previous change, Home and End go to the start and to now. The question mark shows all keys.":
    "{}：逐时刻查看运行过程。空格键播放或暂停，方向键单步移动，N 和 P 跳到下一处和上一处变化，Home 和 End 跳到开头和现在。按问号显示全部按键。",
  "Cluster": "集群", "{#} events before {#} s are left out": "{2} s 之前的 {1} 个事件已省略",
  "{} leads": "{} 是领导者", "{} leads term {#}": "{} 是任期 {} 的领导者", "{#} leaders! {*}": "出现 {} 个领导者！{}", "{} in term {#}": "{}（任期 {}）",
  "{#} candidates": "{} 个候选者", "{=} stands for election": "{} 参加选举", "{=} stand for election": "{} 参加选举", "no leader": "没有领导者",
  "{#} crashed": "{} 个已崩溃", "{#} cut off": "{} 个被隔离", "split: {*}": "网络分区：{}", "{#} link(s) cut": "{} 条链路已切断", "{*} paused": "{} 已暂停", "{=} raised an error": "{} 发生错误",
  "Violated here": "此处违反性质", "Violated at {#} s": "在 {} s 违反性质", "Show": "查看", "shown": "正在显示",

  /* the player */
  "Player": "播放器", "Play": "播放", "Pause": "暂停", "Play (Space)": "播放（空格键）", "Pause (Space)": "暂停（空格键）", "Speed": "速度", "Time": "时间",
  "Virtual seconds in one real second": "现实中一秒所对应的虚拟秒数", "now": "现在", "end": "结尾", "Go to now (L)": "跳到现在（L）", "Go to the end (End)": "跳到结尾（End）",
  "Previous change (P)": "上一处变化（P）", "Step back (←)": "后退一步（←）", "Step forward (→)": "前进一步（→）",
  "Next change: leader, fault, error, violation (N)": "下一处变化：领导者、故障、错误、违反性质（N）",
  "Bookmarks, and a link to this moment (B)": "书签，以及指向此刻的链接（B）", "Keys (?)": "按键（?）", "Keys": "按键",
  "Space plays and pauses, the arrow keys step, N and P jump to the next and previous change, Home and End go to the start and to now. The question mark shows all keys.":
    "空格键播放或暂停，方向键单步移动，N 和 P 跳到下一处和上一处变化，Home 和 End 跳到开头和现在。按问号显示全部按键。",
  "Nothing more to jump to": "后面没有可跳转的位置", "Nothing earlier to jump to": "前面没有可跳转的位置", "Nothing was done: {*}.": "未执行任何操作：{}。",
  "this is a recording": "这是录像", "Another run begins here": "另一个运行由此开始", "The kernel did it, but has not told what happened": "内核已执行，但尚未告知结果",
  "The kernel does not answer: it is busy, or gone. What was recorded can still be played.": "内核没有响应：可能正忙，或已关闭。已录制的内容仍可播放。",

  /* stepping */
  "What the arrows step by": "方向键每步移动的单位", "Step by": "步进单位", "Stepping by {*}": "步进单位：{}", "events": "事件", "messages": "消息", "notable changes": "重要变化", "violations": "违反性质之处", "bookmarks": "书签",
  "Messages of type": "某类消息", "Changes of": "某属性的变化", "messages {} → {}": "消息 {} → {}", "{} of {}": "{2} 的 {1}", "No later: {*}": "后面没有：{}", "No earlier: {*}": "前面没有：{}",
  "The cluster ran on to {#} s without: {*}": "集群已运行到 {} s，仍没有：{}",
  "play, pause": "播放、暂停", "step forward (with Shift: to the next notable change)": "前进一步（加 Shift：到下一处重要变化）", "step back (with Shift: to the one before)": "后退一步（加 Shift：到上一处）",
  "step by events": "按事件步进", "step by messages": "按消息步进", "next notable change: leader, fault, error, violation": "下一处重要变化：领导者、故障、错误、违反性质",
  "the one before": "上一处", "next violation (with Shift: the one before)": "下一处违反性质（加 Shift：上一处）", "bookmarks: name this moment, or go to one": "书签：为此刻命名，或跳到书签",
  "next bookmark": "下一个书签", "the bookmark before": "上一个书签", "the start": "开头", "now, or the end": "现在，或结尾", "faster": "加快", "slower": "减慢",
  "the next run, where there are several": "下一个运行（有多个时）", "the faults: to the buttons of what was chosen": "故障：跳到所选对象的按钮", "these keys": "显示按键",
  "close, let go of what was chosen": "关闭，取消选择", "Space": "空格",

  /* bookmarks, copying */
  "Bookmarks": "书签", "Bookmark: {=}": "书签：{}", "Name of this moment": "此刻的名称", "Keep": "保存", "Keep this moment (Enter)": "保存此刻（Enter）", "Bookmark kept": "书签已保存",
  "Go to this moment": "跳到此刻", "Forget {=}": "删除 {}", "Link to this moment": "指向此刻的链接", "Copy the link": "复制链接", "No bookmark after this moment": "此刻之后没有书签",
  "No bookmark before this moment": "此刻之前没有书签", "There is no bookmark: B makes one": "还没有书签：按 B 添加", "Copy": "复制", "Copied": "已复制", "Selected: press Ctrl+C": "已选中：请按 Ctrl+C",
  "Close (Esc)": "关闭（Esc）",

  /* faults */
  "Faults": "故障", "Partition": "分区", "Split": "分开", "Cancel": "取消", "Heal": "恢复", "Apply": "应用", "All links": "所有链路",
  "Split the network: choose the nodes of one side, or draw a line across the picture": "分割网络：选择一侧的节点，或在图上画一条线", "Split the network so": "这样分割网络",
  "Keep the network whole (Esc)": "不分割网络（Esc）", "Join the network again": "重新连通网络", "Click the nodes of one side": "请点击一侧的节点", "draw between nodes": "在节点之间画线",
  "Loss, delay and the like for every link": "对所有链路设置丢失、延迟等", "{#} fault(s) as Python": "{} 个故障的 Python 代码",
  "What was done to this run, as Python to paste": "对此运行所做的操作，可粘贴的 Python 代码", "What was done, as Python": "所做的操作（Python）",
  "Give it to a cluster of the same code and seed, and all of it happens again: Cluster(…, faults=faults)": "把它交给代码和种子相同的集群，一切会重新发生：Cluster(…, faults=faults)",
  "Here, in the past, whatever you do begins another run": "这里是过去，您的任何操作都会开始另一个运行", "This is the past: what you do here begins another run": "这是过去：在这里的操作会开始另一个运行",
  "Crash": "崩溃", "Restart": "重启", "Resume": "继续", "Cut off": "隔离", "Start {} again": "重新启动 {}", "Stop {}: it loses all but its disk": "停止 {}：除磁盘外全部丢失",
  "Crash {} and start it again": "使 {} 崩溃并重新启动", "Let {} go on": "让 {} 继续运行", "Stop {} as a garbage collection does: what comes waits": "像垃圾回收那样暂停 {}：到达的消息会等待",
  "A partition with {} alone on one side": "将 {} 单独分到一侧", "A link of {}": "{} 的链路", "Link…": "链路…", "to {}": "到 {}", "Direction": "方向",
  "Cut": "切断", "Mend": "修复", "Clog": "堵塞", "Release": "放行", "Lose every message": "丢失所有消息", "Let messages through again": "恢复消息通行", "Hold every message, and lose none": "扣留所有消息，但不丢失",
  "Let all that waits arrive": "让等待的消息全部到达", "Deliver now": "立即送达", "Drop": "丢弃", "Duplicate": "复制一份", "Delay by": "延迟", "Let it arrive before all others": "让它先于其他消息到达",
  "Lose it": "使它丢失", "A copy arrives with it": "再送达一份副本", "Let it arrive later": "让它晚些到达", "Seconds of delay": "延迟秒数",
  "Slow": "变慢", "Make slow": "使其变慢", "seconds for each event": "每个事件的秒数", "0: as quick as the others": "0：与其他节点一样快", "Clock": "时钟", "Change the clock": "调整时钟", "from what it shows": "从当前显示值起",
  "jump by seconds": "跳变秒数", "drift (0.01: gains 1%)": "漂移（0.01：快 1%）", "Clock, set": "时钟（设定）", "Set the clock": "设定时钟", "offset in seconds": "偏移秒数", "rate (1: true)": "速率（1：准确）",
  "Disk": "磁盘", "Set the disk": "设置磁盘", "what is left empty stays as it is": "留空则保持不变", "seconds for a sync": "同步所需秒数", "full": "已满", "yes": "是", "no": "否",
  "after a crash, unsynced writes": "崩溃后未同步的写入", "prefix": "保留前缀", "subset": "保留子集", "none": "全部丢失", "writes lost": "写入丢失", "torn by a crash": "崩溃时写入撕裂", "misdirected": "写错位置",
  "rotten at boot": "启动时数据损坏", "Link": "链路", "Set the link": "设置链路", "shares from 0 to 1; what is left empty stays as it is": "比例从 0 到 1；留空则保持不变", "loss": "丢失", "delay in seconds": "延迟秒数",
  "duplicated": "重复", "reordered": "乱序", "corrupted": "损坏", "as it is": "保持不变",

  /* runs side by side */
  "Runs": "运行", "the first run": "第一个运行", "the second run": "第二个运行", "run {#}": "运行 {}", "run {#}: {*}": "运行 {}：{}", "From {#} s of {*}: {*}": "自{2}的 {1} s：{3}", "The run of the cluster itself": "集群本身的运行",
  "Compare": "比较", "Compared": "比较中", "Beside the run that is shown: {*}": "与所示运行并排：{}", "the other run": "另一个运行", "this run": "此运行", "The cluster in {*}": "{}中的集群", "No difference": "没有差异",
  "They differ from event {#} on, at {#} s": "从第 {} 个事件（{} s）起不同", "both runs are the same so far": "两个运行到目前为止相同", "left: {*}": "左：{}", "right: {*}": "右：{}",
  "Go to the first difference": "跳到第一处差异", "End comparison": "结束比较", "Show one run alone": "只显示一个运行", "the run ends at {#} s": "运行在 {} s 结束", "at {#} s": "在 {} s",

  "↳ {#} s  {*}": "↳ {} s  {}", "split {=}": "分区 {}", "heal": "恢复网络", "crash {}": "{} 崩溃", "restart {}": "{} 重启", "pause {}": "{} 暂停", "resume {}": "{} 继续", "slow {}: seconds {}": "{} 变慢：{} 秒",
  "deliver {} {} → {}": "立即送达 {}：{} → {}", "drop {} {} → {}": "丢弃 {}：{} → {}", "duplicate {} {} → {}": "复制 {}：{} → {}", "delay {} {} → {}, seconds {}": "延迟 {}：{} → {}，{} 秒",
  "link {} {}: {=}": "链路 {} – {}：{}", "link: {=}": "所有链路：{}", "clock {}: {=}": "时钟 {}：{}", "disk {}: {=}": "磁盘 {}：{}",

  /* the inspector */
  "Details": "详情", "Nothing has happened yet": "还没有发生任何事", "This trace is empty.": "此轨迹为空。",
  "Press play, or run the cluster in a cell: cluster.run(5).": "按播放键，或在单元格中运行集群：cluster.run(5)。",
  "Click a node to see it whole, or to crash it, a link or a message in flight to trouble it. Draw a line across the picture to split the network.":
    "点击节点可查看其全部状态或使其崩溃；点击链路或传输中的消息可施加故障。在图上画一条线可分割网络。",
  "At {#} s": "在 {} s", "event {#} of {#}": "第 {} 个事件，共 {} 个", "a timer is set": "设置了一个定时器", "crashed": "已崩溃", "✕ crashed": "✕ 已崩溃", "not started": "未启动", "paused": "已暂停", "up": "运行中", "down": "已停机",
  "error": "错误", "timers": "定时器", "on disk": "磁盘内容", "clock": "时钟", "slow": "变慢", "{#} s for each event": "每个事件 {} 秒", "disk is set": "磁盘设置", "last note": "最近的注释", "set to": "设置为", "like the rest": "与其他链路相同",
  "{} in {#} s": "{}（{} s 后）", "sent": "发送", "arrives": "将到达", "arrived": "已到达", "due": "预计", "a copy": "副本", "made by the network": "由网络产生", "after {#} s": "历时 {} s",
  "Next message {} → {}": "下一条消息 {} → {}", "Next on {} → {}": "{} → {} 的下一条", "Step by the messages of this link": "按此链路的消息步进", "The link": "链路", "What can be done to {} – {}": "可对 {} – {} 施加的操作",
  "Go to its sending": "跳到发送时刻", "Go to its loss": "跳到丢失时刻", "Go to its arrival": "跳到到达时刻", "{} from {}": "来自 {2} 的 {1}", "{} to {}": "发往 {2} 的 {1}",
  "To the next change of {=} of {} (with Shift: the one before)": "到 {2} 的 {1} 的下一处变化（加 Shift：上一处）",
  "To the next change of {=}; then the arrows step by its changes": "到 {} 的下一处变化；之后方向键按其变化步进",

  /* events */
  "{} starts": "{} 启动", "{} restarts": "{} 重启", "sends {} to {*}": "向 {2} 发送 {1}", "{} sends {} to {}": "{1} 向 {3} 发送 {2}", "the network copies {} for {}": "网络为 {2} 复制了 {1}",
  "{} receives {} from {}": "{1} 收到来自 {3} 的 {2}", "{} from {} to {} is lost: {*}": "{2} 发往 {3} 的 {1} 丢失：{4}", "{} from {} to {} waits: {*}": "{2} 发往 {3} 的 {1} 等待：{4}",
  "{} from {} to {} is delivered now": "{2} 发往 {3} 的 {1} 立即送达", "{} from {} to {} is delayed to {#} s": "{2} 发往 {3} 的 {1} 延迟到 {4} s",
  "{} is altered on its way to {}: {=}": "{1} 在发往 {2} 的途中被篡改：{3}", "{}'s timer {=} fires": "{} 的定时器 {} 触发", "writes {=} to disk": "将 {} 写入磁盘", "{} writes {=} to disk": "{} 将 {} 写入磁盘",
  "on {}'s disk, {=} was half written": "{} 的磁盘上，{} 只写了一半", "on {}'s disk, {=} was never written": "{} 的磁盘上，{} 从未写入",
  "on {}'s disk, {=} was overwritten by another value": "{} 的磁盘上，{} 被另一个值覆盖", "on {}'s disk, {=} has changed by itself": "{} 的磁盘上，{} 自行改变",
  "takes the rare path {=}": "进入罕见路径 {}", "{} takes the rare path {=}": "{} 进入罕见路径 {}", "notes “{=}”": "注释：“{}”", "{} notes “{=}”": "{} 注释：“{}”", "{} fails: {=}": "{} 出错：{}", "{} crashes": "{} 崩溃", "{} pauses": "{} 暂停",
  "{} goes on": "{} 继续运行", "{} takes {#} s for each event": "{} 处理每个事件需 {} 秒", "{} is no longer slow": "{} 不再变慢", "{}'s disk is set: {=}": "设置 {} 的磁盘：{}",
  "the network splits: {*}": "网络分区：{}", "the network splits one way: {*}": "网络单向分区：{}", "the network heals": "网络恢复", "the link {} – {} is set: {=}": "设置链路 {} – {}：{}", "{}'s clock is set: {=}": "设置 {} 的时钟：{}",
  "{} asks {} for {=}": "{} 向 {} 请求 {}", "{} gets {=}": "{} 得到 {}", "{} does not know the outcome: {=}": "{} 不知道结果：{}", "{} becomes {=}": "{} 成为 {}", "any": "任意",
  "the network lost it": "网络丢失", "the partition stopped it": "被分区阻断", "the link is cut": "链路已切断", "the receiver was not running": "接收者未运行", "its checksum did not match": "校验和不符",
  "it was dropped by hand": "被手动丢弃", "the link's queue was full": "链路队列已满", "lost": "丢失",
  "the node is paused": "节点已暂停", "the node is busy": "节点正忙", "the node waits for its disk": "节点在等待磁盘", "the link is clogged": "链路堵塞",

  /* the frame and the legend */
  "Views": "视图", "Choose what is shown": "选择显示内容", "Remove this view: {*}": "移除此视图：{}", "changed in this step": "本步有变化", "{#} more messages in flight are not drawn": "另有 {} 条传输中的消息未画出",
  "Show a longer time": "显示更长时间", "Show a shorter time": "显示更短时间", "timer: {=}": "定时器：{}",

  /* the cluster, the table, the diagram */
  "The cluster": "集群", "State of every node": "各节点状态", "Space-time diagram": "时空图", "node": "节点", "status": "状态",
  "Space-time diagram: one line for each node, one arrow for each message": "时空图：每个节点一条线，每条消息一个箭头",
  "Causes": "因果", "Light up the causal past and future of the event at the cursor, or of the message that was chosen (C)": "点亮光标处事件（或所选消息）的因果过去与未来（C）",
  "Pause to see what an event could know.": "暂停后可查看事件可能知道的内容。", "Nothing happens at a node here: step to an event, or choose a message.": "此处没有节点上的事件：请单步移到某个事件，或选择一条消息。",
  "■ {#} event(s) in its past": "■ 其过去有 {} 个事件", "◆ {#} in its future": "◆ 其未来有 {} 个", "○ {#} neither": "○ 与之并发 {} 个", "vector clock: {=}": "向量时钟：{}",
  "in the space-time diagram: what the event here could know, and what could know of it": "时空图中：此处事件可能知道什么，什么可能知道它", "The space-time diagram is not shown": "没有显示时空图",
  "{#} message(s) sent so far among {#} node(s)": "{2} 个节点之间至今发送 {1} 条消息", "{#} message(s) in flight": "{} 条传输中的消息",
  "notes: {=}": "注释：{}", "badge {=}": "徽标 {}", "crashed with an error: {=}": "因错误崩溃：{}", "crashing…": "正在崩溃…", "starting…": "正在启动…",
  "Find a node": "查找节点", "shade by": "深浅表示", "Colour by": "深浅表示", "role": "角色", "{#} node(s): pale {#}, full {#}": "{} 个节点：浅 {}，深 {}", "{#} node(s): {#} everywhere": "{} 个节点：处处为 {}", "× crashed: {#}": "× 已崩溃：{}",

  /* logs, elections, ballots */
  "Replicated logs": "复制日志", "index": "索引", "ends at {#}": "止于 {}", "{}'s log ends at {#}": "{} 的日志止于 {}", "index {#}": "索引 {}", "term {#}": "任期 {}", "{}, index {#}: {=}": "{}，索引 {}：{}", "{}, index {#}, term {#}: {=}": "{}，索引 {}，任期 {}：{}",
  "committed": "已提交", "applied": "已应用", "stored": "已存储", "crashed, on disk": "已崩溃，在磁盘上",
  "No node has a log yet: a public attribute `log`, a list of entries. Run the cluster on, or say which attribute it is: `drawn = {\"log\": \"my_log\"}`.":
    "还没有节点拥有日志，即公开属性 `log`（条目列表）。请继续运行集群，或指明属性：`drawn = {\"log\": \"my_log\"}`。",
  "Number: the entry's term": "数字：条目的任期", "dashed: only stored": "虚线：仅存储", "✓ committed": "✓ 已提交", "✓✓ applied": "✓✓ 已应用", "solid: committed": "实线：已提交", "with a bar: applied": "带横条：已应用",
  "≠ and slanted: not what {} has at this index": "≠ 与斜体：与 {} 在此索引处不同", "≠ and slanted: not what {}, the leader, has at this index": "≠ 与斜体：与领导者 {} 在此索引处不同",
  "commit {#}": "提交 {}", "♛ commit {#}": "♛ 提交 {}", "{#} committed": "{} 个已提交", "differs": "不同", "differs from the log of {}": "与 {} 的日志不同", "differs from {} from index {#}": "自索引 {2} 起与 {1} 不同", "(none)": "（空）", "No node has a log yet": "还没有节点拥有日志",
  "Elections by term": "各任期的选举", "term": "任期", "{} won": "{} 当选", "{=}: {#} winners!": "{}：{} 个当选者！", "to come": "尚未发生", "nobody won": "无人当选", "open": "未定", "{#} stand": "{} 个参选", "{} stands": "{} 参选",
  "♛ won": "♛ 当选", "▲ stood for election": "▲ 参选", "→ voted for": "→ 投票给", "‼ a second vote in one term, or a second winner": "‼ 同一任期重复投票或出现第二个当选者",
  "No election yet: no node has a public attribute `term` above 0 with a `role` or `voted_for`. Run the cluster on, or name yours: `drawn = {\"vote\": \"my_vote\"}`.":
    "还没有选举：没有节点的公开属性 `term` 大于 0 且带有 `role` 或 `voted_for`。请继续运行集群，或指明属性：`drawn = {\"vote\": \"my_vote\"}`。",
  "Go to {*}": "跳到 {}", "Go to term {#}: {*}": "跳到任期 {}：{}", "{} won term {#} with {#} vote(s)": "{} 以 {3} 票赢得任期 {2}", "{} voted {#} times in term {#}": "{1} 在任期 {3} 投了 {2} 次票",
  "{} stood in term {#}: {#} vote(s), its own included": "{} 在任期 {} 参选：{} 票，含自己的一票", "{} voted for {} in term {#}, at {#} s": "{1} 在任期 {3} 投票给 {2}（{4} s）", "{} for {}": "{}→{}", "votes {} for {}": "得票 {}→{}",
  "No election yet": "还没有选举", "No ballot yet": "还没有提案", "No transaction yet": "还没有事务", "No client has asked for anything yet": "还没有客户端发出请求",
  "Ballots": "提案编号", "ballot": "提案编号", "No ballot yet: no node has a public attribute `promised` or `accepted_n` that is set. Run the cluster on, or name yours: `drawn = {\"promised\": \"my_promise\"}`.":
    "还没有提案：没有节点设置了公开属性 `promised` 或 `accepted_n`。请继续运行集群，或指明属性：`drawn = {\"promised\": \"my_promise\"}`。",
  "○ promised, “had 3”: it had accepted ballot 3 and said so": "○ 已承诺，“曾接受 3”：此前已接受编号 3 并告知", "● accepted": "● 已接受", "✓ chosen: accepted by a majority ({#} of {#})": "✓ 已选定：被多数派（{2} 中的 {1}）接受",
  "ballot {=}": "编号 {}", "by {}": "由 {} 提出", "by ?": "提出者未知", "✓ {=} chosen": "✓ 已选定 {}", "outbid: {#} accepted": "被超越：{} 个接受", "outbid: {#} promised": "被超越：{} 个承诺",
  "{#} of {#} accepted": "{2} 中 {1} 个接受", "{#} of {#} promised": "{2} 中 {1} 个承诺", "asks": "询问中", "promised": "已承诺", "promised {=}": "已承诺 {}", "had {=}: {=}": "曾接受 {}：{}", "it had {=}: {=}": "此前已接受 {}：{}",
  "Go to ballot {=}, {*}": "跳到编号 {}，{}", "Go to ballot {=}: {=}, {*}": "跳到编号 {}：{}，{}", "Two different values were chosen!": "选定了两个不同的值！",
  "{} accepted ballot {=}: {=}, at {#} s": "{} 接受编号 {}：{}（{} s）", "{} promised ballot {=} at {#} s": "{1} 在 {3} s 承诺编号 {2}", "ballot {=} by {}: {=} chosen by {#}": "{2} 提出的编号 {1}：{3} 被 {4} 个选定",
  "ballot {=} by {}: {#} promised, {#} accepted": "{2} 提出的编号 {1}：{3} 个承诺，{4} 个接受", "ballot {=} by {}: {#} promised, {#} accepted {=}": "{2} 提出的编号 {1}：{3} 个承诺，{4} 个接受 {5}", "{} learned {=}": "{} 得知 {}",

  /* commitment */
  "Atomic commitment": "原子提交", "transaction": "事务", "the transaction": "该事务", "What every node knows of each transaction": "各节点对每个事务的了解", "One transaction along time": "单个事务随时间的过程",
  "coordinator": "协调者", "participant": "参与者", "{*} along time: {*}": "{} 随时间：{}", "{#} of {#} yes": "{2} 中 {1} 个赞成",
  "‼ commit and abort": "‼ 既提交又中止", "✓ commit": "✓ 提交", "✗ abort": "✗ 中止", "✓ commit, not all know": "✓ 提交，并非全部知晓", "✗ abort, not all know": "✗ 中止，并非全部知晓", "? undecided": "? 未决",
  "in doubt": "存疑", "ready to commit": "准备提交", "commit": "提交", "abort": "中止", "collects votes": "收集投票", "no record": "无记录",
  "? {=}, in doubt": "? {}，存疑", "◐ ready to commit": "◐ 准备提交", "… collects votes": "… 收集投票", "× crashed": "× 已崩溃", "{*} (“{=}”)": "{}（“{}”）",
  "{} commit": "{} 提交", "{} abort": "{} 中止", "{} in doubt": "{} 存疑", "{} ready to commit": "{} 准备提交", "{} collects votes": "{} 收集投票", "{} no record": "{} 无记录", "{} crashed": "{} 已崩溃",
  "{}: {*} from {#} s": "{1}：自 {3} s 起{2}", "{}, {*}: {*} since {#} s": "{1}，{2}：自 {4} s 起{3}", "the vote of {} arrives at {#} s": "{} 的投票于 {} s 到达",
  "{*}: ✓ commit ({*})": "{}：✓ 提交（{}）", "{*}: ✓ commit, not all know ({*})": "{}：✓ 提交，并非全部知晓（{}）", "{*}: ✗ abort ({*})": "{}：✗ 中止（{}）", "{*}: ✗ abort, not all know ({*})": "{}：✗ 中止，并非全部知晓（{}）",
  "{*}: ? undecided ({*})": "{}：? 未决（{}）", "{*}: ‼ commit and abort ({*})": "{}：‼ 既提交又中止（{}）",
  "No transaction yet: no node has a public attribute that says yes, commit or abort of one, such as `log = {1: \"yes\"}` or `decision = {1: \"commit\"}`. Run the cluster on.":
    "还没有事务：没有节点的公开属性对某事务给出 `yes`、`commit` 或 `abort`，例如 `log = {1: \"yes\"}` 或 `decision = {1: \"commit\"}`。请继续运行集群。",
  "… collects votes, a tick for each that comes": "… 收集投票，每到一票一个刻度", "? voted yes, in doubt: can neither commit nor abort": "? 已投赞成票，存疑：既不能提交也不能中止",

  /* history */
  "History of the clients": "客户端历史", "The operations of the clients": "客户端的操作", "‹ operation": "‹ 操作", "operation ›": "操作 ›", "Go to the operation before": "跳到上一个操作", "Go to the next operation": "跳到下一个操作",
  "{#} operation(s) so far: {=}": "至今 {} 个操作：{}", "{#} operation(s) so far: {=}.": "至今 {} 个操作：{}。", "Give a verdict to see where each takes effect: {=}": "提供判定即可查看每个操作的生效时刻：{}", "Numbered points: the order in which they take effect.": "带编号的点：操作生效的顺序。",
  "Go to the operation that has no place": "跳到无法安放的操作", "No client has asked for anything yet: `cluster.client(\"c1\").call(\"n1\", request)` makes an operation.": "还没有客户端发出请求：`cluster.client(\"c1\").call(\"n1\", request)` 产生一个操作。",
  "{} asks {}: {=}": "{} 请求 {}：{}", "from {#} s": "自 {} s", "answered after {#} s": "{} s 后得到回答", "outcome unknown": "结果未知", "no answer yet": "尚无回答", "it has no place in any order": "它在任何顺序中都无法安放", "takes effect as number {#}": "第 {} 个生效",
  "✓ {*} ({=})": "✓ {}（{}）", "✗ not {*} ({=})": "✗ 不满足{}（{}）", "? {*} ({=})": "? {}（{}）", "linearizable": "线性一致性", "sequential": "顺序一致性", "causal": "因果一致性", "violated: {=}": "违反：{}", "holds: {=}": "成立：{}", "unknown: {=}": "未知：{}",

  /* ring */
  "Hash ring and keys": "哈希环与键", "{#} node(s) with {#} token(s)": "{} 个节点，{} 个令牌", "the largest share is {#} times the fair one": "最大份额是平均份额的 {} 倍", "{#} not at their owner: {=}": "{} 个不在其所有者处：{}", "{#} without a position": "{} 个没有位置",
  "if {} left: {*}": "若 {} 离开：{}", "{=} and {#} more": "{}，另有 {} 个", "{=} joined": "{} 加入", "{=} left": "{} 离开", "tokens moved": "令牌移动", "{} owns {#} %": "{} 拥有 {} %", "{} owns {#} %, up to {#}": "{} 拥有 {} %，直到 {}",
  "{*} at {#} s: {#} % of the ring changed hands, with {#} of {#} key(s)": "{2} s，{1}：环的 {3} % 易手，涉及 {5} 个键中的 {4} 个", "{*} at {#} s: {#} % of the ring changed hands ({*}), with {#} of {#} key(s)": "{2} s，{1}：环的 {3} % 易手（{4}），涉及 {6} 个键中的 {5} 个",
  "{#} of them stored nowhere now: {=}": "其中 {} 个现在无处存储：{}", "{=} at {#}: belongs to {*}, stored at {=}": "{}，位置 {}：属于 {}，存于 {}", "nobody": "无", "not on the ring": "不在环上", "{}: {#} token(s), {*}": "{}：{} 个令牌，{}",
  "A position belongs to the next token clockwise": "位置属于顺时针方向的下一个令牌", "tick: a token": "刻度：令牌", "dot: a key at its owner": "圆点：在其所有者处的键", "✕: its owner does not have it": "✕：其所有者没有它", "dashed band outside: changed hands last": "外侧虚线带：最近易手的部分",
  "No node is on a ring yet": "还没有节点在环上", "No node is on a ring yet: a public attribute `tokens`, its positions on the circle (one or more numbers), and `keys`, what it stores, as {key: position}. Run the cluster on, or name yours: `drawn = {\"tokens\": \"vnodes\"}`.":
    "还没有节点在环上：公开属性 `tokens`（它在环上的位置，一个或多个数）和 `keys`（它存储的内容，形如 `{键: 位置}`）。请继续运行集群，或指明属性：`drawn = {\"tokens\": \"vnodes\"}`。",

  /* load */
  "Load of every server": "各服务器的负载", "Load of every server over time": "各服务器负载随时间的变化", "idle": "空闲", "{#} served": "正在服务 {} 个", "{#} waiting": "{} 个等待", "{} idle": "{}：空闲", "{} {#} served": "{}：正在服务 {} 个", "{} {#} waiting": "{}：{} 个等待",
  "Filled: being served": "实心：正在服务", "striped: waiting. Over time both together, full height {#}": "条纹：等待。随时间合计，满高为 {}", "dashed line: slow or paused": "虚线：变慢或暂停", "×××: crashed": "×××：已崩溃", "from the messages: what a server was asked and has not answered": "根据消息：已请求而未回答的数量",
  "No server has anything to do yet": "还没有服务器有工作", "No server has anything to do yet: a public attribute `queue` (or `waiting`), a list or a number, and `active` for what is being served; or requests that are answered, as `Get` is by `GetReply`. Run the cluster on, or name yours: `drawn = {\"waiting\": \"my_list\"}`.":
    "还没有服务器有工作：公开属性 `queue`（或 `waiting`），列表或数，以及表示正在服务的 `active`；或有回答的请求，如 `Get` 由 `GetReply` 回答。请继续运行集群，或指明属性：`drawn = {\"waiting\": \"my_list\"}`。",

  /* rumours */
  "Spread of a rumour": "流言的传播", "Rumour": "流言", "What": "内容", "all know": "全部知晓", "message {}": "消息 {}", "round {#}": "第 {} 轮", "not yet": "尚未知晓", "Nobody has anything to tell yet.": "还没有人有可传播的内容。",
  "{#} of {#} node(s) know {=} ({#} %)": "{2} 个节点中 {1} 个知晓 {3}（{4} %）", "began at {}, {#} s": "始于 {}，{} s", "nobody knows it yet": "尚无人知晓", "half at {#} s": "半数于 {} s", "all at {#} s": "全部于 {} s",
  "{} learnt it at {#} s from {}": "{1} 于 {2} s 从 {3} 得知", "{} learnt it at {#} s, by itself": "{} 于 {} s 自行得知", "it has forgotten it since": "此后已遗忘", "{} does not know it": "{} 不知晓", "Share of nodes that know: {*}": "知晓的节点比例：{}",
  "Round: hops from where it began": "轮：距起点的跳数", "filled: knows": "实心：知晓", "dashed: does not know yet": "虚线：尚不知晓", "struck out: knew and forgot": "划去：曾知晓而遗忘",
  "Nothing spreads yet": "还没有传播", "Nothing spreads yet: a public attribute that several nodes have, a set such as `rumours` or a number such as `version`; or a message. Run the cluster on, or name yours: `drawn = {\"rumour\": \"facts\"}`.":
    "还没有传播：多个节点共有的公开属性，如集合 `rumours` 或数 `version`；或一条消息。请继续运行集群，或指明属性：`drawn = {\"rumour\": \"facts\"}`。",

  /* convergence */
  "Convergence of replicas": "副本的收敛", "Attribute": "属性", "Different values over time": "不同取值随时间的变化", "values": "取值", "different": "不同", "different; at most {#}": "不同；至多 {}", "at most {#}": "至多 {}", "{#}: all agree": "{}：全部一致",
  "All {#} replicas agree on {}": "全部 {} 个副本的 {} 一致", "{*}, since {#} s": "{}，自 {} s 起", "since {#} s": "自 {} s 起", "{#} different values of {} at {#} replicas": "{3} 个副本的 {2} 有 {1} 个不同取值", "One replica has {}": "一个副本拥有 {}",
  "No replica has `{}` now": "现在没有副本拥有 {}", "without one: {=}": "没有的：{}", "{#} more value(s), each at few:": "另有 {} 个取值，各在少数副本：", "{} has none": "{} 没有", "{} not started": "{} 未启动", "{}: {=} hold {=}": "{}：{} 持有 {}",
  "Same shape and letter: the same value; A is the most common one now. Thick line below: all replicas that run agree.": "相同形状和字母：相同取值；A 是现在最常见的。下方粗线：所有运行中的副本一致。",
  "No two nodes have a value to compare yet": "还没有两个节点有可比较的值", "No two nodes have a value to compare yet: a public attribute that all replicas have, such as `value`. Run the cluster on, or name yours: `drawn = {\"replica\": \"counts\"}`.":
    "还没有两个节点有可比较的值：所有副本都有的公开属性，如 `value`。请继续运行集群，或指明属性：`drawn = {\"replica\": \"counts\"}`。",

  /* rates */
  "Message rates and latencies": "消息速率与延迟", "Latencies": "延迟", "Latency": "延迟", "Latency of flights: {*}": "传输延迟：{}", "Latency of operations: {*}": "操作延迟：{}", "Messages sent, by type": "已发送消息，按类型", "flights": "传输", "operations": "操作", "Flights": "传输", "Operations": "操作",
  "{=} sent": "已发送 {}", "{#} lost": "丢失 {}", "{#} doubled": "重复 {}", "doubled": "重复", "{#} messages lost so far": "至今丢失 {} 条消息", "{#} messages doubled so far": "至今重复 {} 条消息", "{}: {#} message(s) so far": "{}：至今 {} 条消息",
  "p{#} {#} ms": "p{} {} 毫秒", "p{#} {#} ms of {#} flight(s)": "p{} {} 毫秒（共 {} 次传输）", "p{#} {#} ms of {#} operation(s)": "p{} {} 毫秒（共 {} 个操作）", "p{#} {#} s of {#} flight(s)": "p{} {} s（共 {} 次传输）", "p{#} {#} s of {#} operation(s)": "p{} {} s（共 {} 个操作）",
  "no flights ended yet": "尚无传输结束", "no operations ended yet": "尚无操作结束", "{#} unknown": "{} 个未知", "Full height: {*}": "满高：{}", "Sent so far": "至今发送数", "rate in the last {#} s. Full height: {=}, in windows of {#} s": "最近 {} s 的速率。满高：{}，窗口 {} s",
  "{#} rarer type(s) not drawn": "{} 种较少的类型未画出", "loss {#}": "丢失 {}", "partition {#}": "分区 {}", "cut {#}": "切断 {}", "down {#}": "停机 {}", "corrupt {#}": "损坏 {}", "fault {#}": "手动丢弃 {}", "queue {#}": "队列满 {}",
  "No message was sent yet: run the cluster on.": "还没有发送消息：请继续运行集群。", "No message was sent yet": "还没有发送消息",
};
