"""Writes lm.txt, names.txt and fillers.txt for search.rs: python language.py GUIDE ATTRIBUTES_TOML NONE_TOML, with pyopenjtalk-plus."""
import pyopenjtalk, tomllib, glob, re, unicodedata, sys, csv
G=sys.argv[1]
site=tomllib.load(open(G+'/guide.toml','rb'))
own=dict(site.get('readings',{}))
def kata(s): return ''.join(chr(ord(c)+0x60) if 'ぁ'<=c<='ゖ' else c for c in s)
def normal(t):
    t=unicodedata.normalize('NFKC',t).lower()
    return re.sub(r'\s+',' ',re.sub(r"[^\wー々% ]",' ',t)).strip()
def words(t):
    out=[]
    # own readings: replaced by katakana with the word kept
    for n in pyopenjtalk.run_frontend(t):
        k=''.join(c for c in n['pron'] if 'ァ'<=c<='ヺ' or c=='ー')
        out.append((n['string'].replace('　',''),k))
    return out
def kana(t): return ''.join(k for _,k in words(t))
def plain(t): return re.sub(r'《.*?》','',t).replace('｜','')
def spoken(t): return re.sub(r'｜?([^｜《ぁ-ん]*?[^｜《]+?)《(.*?)》',lambda m:m[2],t)
lists=tomllib.load(open(sys.argv[2],'rb'))['ja']
none=tomllib.load(open(sys.argv[3],'rb'))['ja']
lm=[]
for f in sorted(glob.glob(G+'/answers/*.toml')):
    for a in tomllib.load(open(f,'rb'))['ja']['ask']: lm.append((1,words(normal(a))))
W=4
for k,ways in lists.items():
    for w in ways:
        ws=words(normal(w.replace('X','京都')))
        ws=[('X','X') if s=='京都' else (s,k) for s,k in ws]
        lm.append((W,ws))
for s in none['say']: lm.append((1,words(normal(s))))
names={}
for kind in('places','events'):
    for f in sorted(glob.glob(f'{G}/{kind}/*.toml')):
        d=tomllib.load(open(f,'rb'))['ja']
        sp=d['name']
        # reading from ruby: replace base by ruby
        r=re.sub(r'([一-龠々〆ヶ]+|｜[^《]+)《(.*?)》',lambda m:m[2],sp)
        names[(normal(plain(sp)),kana(normal(r)))]=1
        for a in d.get('also',[]): names[(normal(a),kana(normal(a)))]=1
for n in none['elsewhere']: names[(normal(n),kana(normal(n)))]=0.3
esc=lambda s:s.replace(' ','')
P=''
with open(P+'lm.txt','w') as o:
    for w,ws in lm: o.write(f"{w}\t"+' '.join(f'{esc(s)}/{k}' for s,k in ws if s)+'\n')
with open(P+'names.txt','w') as o:
    for (t,k),w in names.items():
        if k: o.write(f'{esc(t)}\t{k}\t{w}\n')
fill=["すみません","すいません","えっと","えーと","あのー","あの","うーんと","ねえ","ちょっとお聞きしたいんですが","お尋ねしますが"]
with open(P+'fillers.txt','w') as o:
    for f in fill: o.write(f'{f}\t{kana(f)}\n')
